//! The check of a session cookie: the tag, then one look-up, then from memory by the digest of its text.

use std::sync::Arc;

use counterfoil_core::Timestamp;
use counterfoil_core::credential::{Credential as _, SessionCookie};
use counterfoil_core::session::Session;
use counterfoil_core::{Digest, Mode, Principal};

use super::{Caller, CallerCredential, Checked, alive, shared};
use crate::crypto::sha256;
use crate::{Authority, Error};

const NOT_OURS: Error = Error::BadCredential { code: "malformed_cookie" };

impl Authority {
    pub(super) async fn check_cookie(&self, text: &str) -> Result<Caller, Error> {
        let cookie = SessionCookie::parse_unchecked(text).map_err(|_| NOT_OURS)?;
        let digest = sha256(text.as_bytes());
        let now = self.0.clock.now();
        let known = self.0.checks.cookie(cookie.session).filter(|checked| {
            checked.epoch == self.0.accounts.epoch()
                && checked.cookie.as_ref().is_some_and(|cookie| cookie.answers_for(digest, now))
        });
        let checked = match known {
            Some(checked) => {
                self.0.counters.checks_cached.add();
                checked
            }
            None => {
                self.0.counters.checks_missed.add();
                // Only what we made ourselves is worth asking the store about.
                SessionCookie::parse(text, &self.0.keyring).map_err(|_| NOT_OURS)?;
                self.load_cookie(&cookie, digest, now).await?
            }
        };
        match self.stands(&checked, now).await {
            Ok(()) => {}
            Err(error) => {
                if !matches!(error, Error::Stale) {
                    self.0.checks.forget_cookie(cookie.session);
                }
                return Err(error);
            }
        }
        if checked.cookie.as_ref().is_some_and(|cookie| cookie.use_at(now)) {
            self.0.checks.note_seen(cookie.session, now);
        }
        Ok(checked.caller.clone())
    }

    async fn load_cookie(
        &self,
        cookie: &SessionCookie,
        digest: Digest,
        now: Timestamp,
    ) -> Result<Arc<Checked>, Error> {
        let epoch = self.0.accounts.epoch();
        let replacements = self.0.checks.replacements();
        let mut session = self.0.stores.sessions.session(cookie.session).await?;
        if let (Some(session), Some(used)) = (&mut session, self.0.checks.last_use(cookie.session)) {
            session.last_seen_at = session.last_seen_at.max(used);
        }
        let session = alive(session.as_ref(), now)?;
        let until = session.honoured_until(sha256(cookie.secret.expose()), now);
        let until = until.ok_or(Error::BadCredential { code: "replaced_cookie" })?;
        let caller = self.cookie_caller(session).await?;
        let checked = Arc::new(Checked::of_session(caller, session, (digest, until), epoch, now));
        self.0.checks.keep_cookie(cookie.session, Arc::clone(&checked), replacements);
        Ok(checked)
    }

    async fn cookie_caller(&self, session: &Session) -> Result<Caller, Error> {
        let client = self.client(&session.client).map_err(|_| Error::Expired)?;
        let user = self.enabled_user(session.user).await?;
        let principal = Principal {
            mode: Mode::Cookie,
            claims: shared(client.claims.evaluate(&user)),
            user,
            session: Some(session.card()),
            client_id: session.client.clone(),
        };
        Ok(Caller { principal, credential: CallerCredential::Cookie })
    }
}
