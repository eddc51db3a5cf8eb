//! The check of an access token: its signature and claims once, then from memory.

use std::sync::Arc;

use counterfoil_core::session::EndReason;
use counterfoil_core::token::{ACCESS_TOKEN_TYPE, AccessClaims, ClaimsError, Expectation, MAX_TOKEN_BYTES};
use counterfoil_core::{Mode, Principal, SessionCard, Timestamp, UserCard, UserId};
use counterfoil_jose::StrictValue;

use super::{Caller, CallerCredential, Checked, TokenCard, shared};
use crate::crypto::sha256;
use crate::{Authority, Error};

/// A token whose signature, issuer, audience and type were found good.
pub(crate) struct ReadToken {
    pub(crate) claims: AccessClaims,
    /// It has expired, and was good before.
    pub(crate) expired: bool,
}

fn read_claims(payload: &[u8]) -> serde_json::Result<AccessClaims> {
    let mut json = serde_json::Deserializer::from_slice(payload);
    let claims = AccessClaims::deserialize_strictly::<StrictValue, _>(&mut json)?;
    json.end()?;
    Ok(claims)
}

impl Authority {
    pub(super) async fn check_bearer(&self, text: &str) -> Result<Caller, Error> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Error::BadCredential { code: "token_too_long" });
        }
        let digest = sha256(text.as_bytes());
        let now = self.0.clock.now();
        let known = self.0.checks.token(&digest).filter(|checked| checked.epoch == self.0.accounts.epoch());
        let checked = match known {
            Some(checked) => {
                self.0.counters.checks_cached.add();
                checked
            }
            None => {
                self.0.counters.checks_missed.add();
                let checked = Arc::new(self.load_token(text, now).await?);
                self.0.checks.keep_token(&digest, Arc::clone(&checked));
                checked
            }
        };
        match self.stands(&checked, now).await {
            Ok(()) => Ok(checked.caller.clone()),
            Err(error) => {
                if !matches!(error, Error::Stale) {
                    self.0.checks.forget_token(&digest);
                }
                Err(error)
            }
        }
    }

    /// Checks signature, type and issuer: that this server gave the token out, whomever it is for and however old it is.
    pub(crate) fn read_own_token(&self, text: &str) -> Result<AccessClaims, Error> {
        let bad = |code| Error::BadCredential { code };
        let verified = self.0.signers.ring().verifying.verify(text, ACCESS_TOKEN_TYPE);
        let payload = verified.map_err(|error| bad(error.code()))?;
        let claims = read_claims(&payload).map_err(|_| bad("malformed_claims"))?;
        if claims.iss == self.0.issuer { Ok(claims) } else { Err(bad("wrong_issuer")) }
    }

    /// Checks signature, type, issuer, audience and times.
    pub(crate) fn read_token(&self, text: &str, now: Timestamp) -> Result<ReadToken, Error> {
        let bad = |code| Error::BadCredential { code };
        let claims = self.read_own_token(text)?;
        let client = self.client(&claims.client_id).map_err(|_| bad("unknown_client"))?;
        let expectation = Expectation {
            issuer: &self.0.issuer,
            audience: &client.audience,
            now,
            leeway: self.0.settings.clock_leeway,
        };
        let expired = match claims.validate(&expectation) {
            Ok(()) => false,
            Err(ClaimsError::Expired) => true,
            Err(ClaimsError::WrongIssuer) => return Err(bad("wrong_issuer")),
            Err(ClaimsError::WrongAudience) => return Err(bad("wrong_audience")),
            Err(ClaimsError::NotYetValid) => return Err(bad("not_yet_valid")),
            Err(_) => return Err(bad("malformed_claims")),
        };
        Ok(ReadToken { claims, expired })
    }

    async fn load_token(&self, text: &str, now: Timestamp) -> Result<Checked, Error> {
        let epoch = self.0.accounts.epoch();
        let ReadToken { claims, expired } = self.read_token(text, now)?;
        if expired {
            return Err(Error::Expired);
        }
        let user = self.enabled_user(claims.sub).await?;
        let expires_at = claims.expires_at();
        let auth_time = Timestamp::from_seconds(claims.auth_time);
        let session = claims.sid.map(|id| SessionCard { id, auth_time });
        let principal = Principal {
            mode: if session.is_some() { Mode::Recorded } else { Mode::Jwt },
            user,
            session,
            client_id: claims.client_id,
            claims: shared(claims.custom),
        };
        let generation = claims.generation;
        let card = TokenCard { id: claims.jti, expires_at, generation, auth_time };
        let credential = CallerCredential::Token(Arc::new(card));
        Ok(Checked::of_token(Caller { principal, credential }, generation, expires_at, epoch))
    }

    /// The user of a credential, who may have been disabled since it was given out.
    pub(crate) async fn enabled_user(&self, id: UserId) -> Result<Arc<UserCard>, Error> {
        let user = self.known_user(id).await?;
        user.filter(|user| !user.disabled)
            .map(|user| user.card)
            .ok_or(Error::Revoked { reason: EndReason::UserDisabled })
    }
}
