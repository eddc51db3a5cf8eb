//! The credentials that were checked before, bounded, and the uses of sessions that are still to be noted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use counterfoil_core::revocation::Issued;
use counterfoil_core::session::{Credential, Session};
use counterfoil_core::{Digest, SessionId, Timestamp};
use quick_cache::sync::Cache;

use super::{Caller, CallerCredential};

/// After this long a session is looked up again, whatever the view says. Markers live longer than this, so that a copy
/// cannot outlive the marker that covers it.
const RELOAD_AFTER: Duration = Duration::from_secs(300);
/// Uses within this time of the last noted one are not noted.
const SEEN_GRANULARITY: Duration = Duration::from_secs(60);

/// What was checked.
pub(crate) struct Checks {
    /// By session.
    cookies: Cache<SessionId, Arc<Checked>>,
    /// By SHA-256 of the token.
    tokens: Cache<[u8; 32], Arc<Checked>>,
    seen: Mutex<HashMap<SessionId, Timestamp>>,
}

/// A credential that was found good.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) caller: Caller,
    /// The generation; `None` for a stateless token, which no marker covers.
    generation: Option<u64>,
    /// When it is over whatever its use.
    expires_at: Timestamp,
    /// The accounts' epoch that `caller` was made upon.
    pub(crate) epoch: u64,
    /// The view's sequence as of which no marker covers it.
    confirmed: AtomicU64,
    /// What only a cookie has.
    pub(crate) cookie: Option<CheckedCookie>,
}

/// What is known of a session whose cookie was checked.
#[derive(Debug)]
pub(crate) struct CheckedCookie {
    /// The tag of the cookie that was checked: another one is another cookie.
    tag: Box<[u8]>,
    secret: Digest,
    previous: Option<(Digest, Timestamp)>,
    idle_timeout: Duration,
    loaded_at: Timestamp,
    last_seen: AtomicI64,
}

impl Checks {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { cookies: Cache::new(capacity), tokens: Cache::new(capacity), seen: Mutex::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.cookies.len() + self.tokens.len()
    }

    pub(crate) fn clear(&self) {
        self.cookies.clear();
        self.tokens.clear();
    }

    pub(super) fn cookie(&self, session: SessionId) -> Option<Arc<Checked>> {
        self.cookies.get(&session)
    }

    pub(super) fn keep_cookie(&self, session: SessionId, checked: Arc<Checked>) {
        self.cookies.insert(session, checked);
    }

    pub(crate) fn forget_cookie(&self, session: SessionId) {
        self.cookies.remove(&session);
    }

    pub(super) fn token(&self, digest: &Digest) -> Option<Arc<Checked>> {
        self.tokens.get(digest.as_bytes())
    }

    pub(super) fn keep_token(&self, digest: &Digest, checked: Arc<Checked>) {
        self.tokens.insert(*digest.as_bytes(), checked);
    }

    pub(super) fn forget_token(&self, digest: &Digest) {
        self.tokens.remove(digest.as_bytes());
    }

    pub(super) fn note_seen(&self, session: SessionId, now: Timestamp) {
        self.lock_seen().insert(session, now);
    }

    /// The last use of a session that may not be in its record yet.
    pub(super) fn last_use(&self, session: SessionId) -> Option<Timestamp> {
        let noted = self.lock_seen().get(&session).copied();
        let cached =
            self.cookies.get(&session).and_then(|checked| Some(checked.cookie.as_ref()?.last_seen()));
        noted.max(cached)
    }

    /// Takes the uses that are to be written.
    pub(crate) fn take_seen(&self) -> Vec<(SessionId, Timestamp)> {
        std::mem::take(&mut *self.lock_seen()).into_iter().collect()
    }

    /// Puts back what could not be written, unless a later use was noted meanwhile.
    pub(crate) fn put_back_seen(&self, seen: Vec<(SessionId, Timestamp)>) {
        let mut noted = self.lock_seen();
        for (session, at) in seen {
            noted.entry(session).or_insert(at);
        }
    }

    fn lock_seen(&self) -> MutexGuard<'_, HashMap<SessionId, Timestamp>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checked {
    pub(super) fn of_token(
        caller: Caller,
        generation: Option<u64>,
        expires_at: Timestamp,
        epoch: u64,
    ) -> Self {
        Self { caller, generation, expires_at, epoch, confirmed: AtomicU64::new(u64::MAX), cookie: None }
    }

    pub(super) fn of_session(
        caller: Caller,
        session: &Session,
        tag: &[u8],
        epoch: u64,
        now: Timestamp,
    ) -> Option<Self> {
        let Credential::Cookie { secret, previous } = session.credential else { return None };
        let cookie = CheckedCookie {
            tag: tag.into(),
            secret,
            previous,
            idle_timeout: session.idle_timeout,
            loaded_at: now,
            last_seen: AtomicI64::new(session.last_seen_at.millis()),
        };
        // A session that is superseded has an end that lies a little ahead.
        let expires_at =
            session.ended.as_ref().map_or(session.expires_at, |end| end.at.min(session.expires_at));
        Some(Self {
            caller,
            generation: Some(session.generation),
            expires_at,
            epoch,
            confirmed: AtomicU64::new(u64::MAX),
            cookie: Some(cookie),
        })
    }

    /// What a marker needs to know of it; `None` for what no marker covers.
    pub(super) fn issued(&self) -> Option<Issued<'_>> {
        let token = match self.caller.credential {
            CallerCredential::Cookie => None,
            CallerCredential::Token { id, .. } => Some(id),
        };
        Some(Issued {
            token,
            session: self.caller.session_id()?,
            user: self.caller.user_id(),
            client: &self.caller.principal.client_id,
            generation: self.generation?,
        })
    }

    pub(super) fn expires_at(&self) -> Timestamp {
        match &self.cookie {
            None => self.expires_at,
            Some(cookie) => (cookie.last_seen() + cookie.idle_timeout).min(self.expires_at),
        }
    }

    pub(super) fn confirmed_sequence(&self) -> u64 {
        self.confirmed.load(Ordering::Acquire)
    }

    pub(super) fn confirm(&self, sequence: u64) {
        self.confirmed.store(sequence, Ordering::Release);
    }
}

impl CheckedCookie {
    /// Whether this copy can answer for a cookie with that secret and tag.
    pub(super) fn answers_for(&self, secret: Digest, tag: &[u8], now: Timestamp) -> bool {
        let known =
            self.secret == secret || self.previous.is_some_and(|(old, until)| now < until && old == secret);
        known && *self.tag == *tag && now.since(self.loaded_at) < RELOAD_AFTER
    }

    /// Notes a use; whether it is long enough after the last noted one to be written.
    pub(super) fn use_at(&self, now: Timestamp) -> bool {
        let granularity = SEEN_GRANULARITY.min(self.idle_timeout / 10);
        let due = now.since(self.last_seen()) >= granularity;
        if due {
            self.last_seen.fetch_max(now.millis(), Ordering::AcqRel);
        }
        due
    }

    fn last_seen(&self) -> Timestamp {
        Timestamp::from_millis(self.last_seen.load(Ordering::Acquire))
    }
}
