//! Everything that a use case can refuse or fail with. Only the edge turns these into what a caller sees.

use std::time::Duration;

use counterfoil_core::account::{ClaimRulesError, ClientError, EmailError, NameError, PasswordError};
use counterfoil_core::port::StoreError;
use counterfoil_core::revocation::SelectionError;
use counterfoil_core::session::EndReason;

/// Why a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Unknown user, wrong password or disabled account: one answer for all three.
    #[error("e-mail address or password are wrong")]
    InvalidCredentials,
    /// No address to log in with.
    #[error(transparent)]
    InvalidEmail(#[from] EmailError),
    /// No name to show.
    #[error(transparent)]
    InvalidName(#[from] NameError),
    /// The password is refused.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The address belongs to another user.
    #[error("an account with this e-mail address exists already")]
    EmailTaken,
    /// Only administrators make accounts here.
    #[error("sign-up is closed: ask an administrator for an account")]
    SignUpClosed,
    /// No client of that name.
    #[error("there is no client of that id")]
    UnknownClient,
    /// Users cannot log in through a service.
    #[error("this client is a service: users log in through applications")]
    NotAnApplication,
    /// Applications have no secret.
    #[error("this client is an application, and has no secret: only services have one")]
    NotAService,
    /// The client that logs people in when none is named cannot be removed.
    #[error("the built-in client stays: log-ins that name no client need it")]
    BuiltInClient,
    /// The client's name is in use.
    #[error("a client of that id exists already")]
    ClientTaken,
    /// The client did not prove who it is.
    #[error("client authentication failed")]
    InvalidClient,
    /// The client's configuration is refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The client's claims are refused.
    #[error(transparent)]
    Claims(#[from] ClaimRulesError),
    /// Too many passwords wait to be hashed.
    #[error("too many people are logging in at this moment")]
    Busy {
        /// When to come back.
        retry_after: Duration,
    },
    /// A revocation of the same user, client or everything took place while the log-in was under way.
    #[error("a revocation took place while you were logging in: log in again")]
    Overtaken,
    /// The caller brought no credential.
    #[error("log in first")]
    NoCredential,
    /// The credential is not one of ours, or not for here.
    #[error("the credential is not valid: {code}")]
    BadCredential {
        /// Which check it failed, in a stable word.
        code: &'static str,
    },
    /// The credential has expired.
    #[error("the login has expired: log in again")]
    Expired,
    /// The credential was revoked.
    #[error("the login was ended: log in again")]
    Revoked {
        /// Why.
        reason: EndReason,
    },
    /// The refresh token is not honoured (RFC 6749, section 5.2, `invalid_grant`).
    #[error("{}", grant_advice(cause))]
    InvalidGrant {
        /// Why, in a stable word.
        cause: &'static str,
    },
    /// The absolute lifetime, counted from the log-in, is used up.
    #[error("the login has reached its absolute limit: log in again")]
    RenewalOver,
    /// Only stateless tokens are renewed; others are refreshed.
    #[error("this token has a session: use its refresh token")]
    NotStateless,
    /// The token cannot be revoked (RFC 7009, section 2.2.1).
    #[error("a stateless token cannot be revoked before it expires")]
    UnsupportedTokenType,
    /// The view is too old and the store did not answer.
    #[error("the state of this login cannot be determined at this moment")]
    Stale,
    /// No user of that id or address.
    #[error("there is no user of that id or address")]
    UnknownUser,
    /// There is nothing of that id, or none that is the caller's.
    #[error("there is nothing of that id")]
    NotFound,
    /// The caller may not do that.
    #[error("only administrators may do that")]
    Forbidden,
    /// Somebody else changed it at the same time.
    #[error("it was changed by somebody else at the same time: look at it again")]
    Conflict,
    /// The selection selects nothing or contradicts itself.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The token would be too large for cookies and proxies.
    #[error("the token would take {bytes} bytes: give the client fewer claims")]
    TokenTooLarge {
        /// How large it would be.
        bytes: usize,
    },
    /// The set-up link is unknown, used or too old.
    #[error("this set-up link is not valid any more: `counterfoil setup-link` prints a fresh one")]
    InvalidSetupLink,
    /// A list was asked for with words that make no sense.
    #[error("{0}")]
    BadQuery(String),
    /// The issuer's text is no URL to build upon.
    #[error(
        "the public URL must be http:// or https:// and a host, without a path, query or trailing slash: {0}"
    )]
    InvalidIssuer(String),
    /// The configured issuer is not the stored one.
    #[error("this installation's issuer is {stored}, and {configured} was configured")]
    IssuerChanged {
        /// The one that tokens were given out with.
        stored: String,
        /// The one that was asked for.
        configured: String,
    },
    /// The master key is not the one that this installation was made with.
    #[error("the master key is not the one that this installation was made with")]
    MasterKey,
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that should not happen did.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a person can do about a refresh token that is not honoured.
fn grant_advice(cause: &str) -> &'static str {
    match cause {
        "refresh_token_reused" => {
            "a refresh token of this session was used after it had been replaced: somebody may have a copy, so the \
             session was ended; log in again"
        }
        "session_ended" => "the session was ended: log in again",
        "session_expired" => "the session has expired: log in again",
        _ => "this is no refresh token of this server, or it was given to another client",
    }
}

impl Error {
    pub(crate) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}
