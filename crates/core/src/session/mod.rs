//! One login of one user through one client, from its beginning to its end.

mod end;
mod origin;
mod standing;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use end::{End, EndReason, UnknownEndReason};
pub use origin::Origin;

use crate::account::Lifetimes;
use crate::{ClientId, Digest, Mode, SessionCard, SessionId, Timestamp, TokenId, UserId};

/// One login of one user through one client. Only `cookie` and `recorded` logins have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session's id; it tells when the session began.
    pub id: SessionId,
    /// Who logged in.
    pub user: UserId,
    /// Through which client.
    pub client: ClientId,
    /// When the user proved who they are.
    pub auth_time: Timestamp,
    /// From where.
    pub origin: Origin,
    /// The feed's sequence number when the log-in began. A marker of many covers the session if it is newer than this.
    pub generation: u64,
    /// When it was last used, to the granularity at which uses are noted.
    pub last_seen_at: Timestamp,
    /// Not used for so long, it is over: `idle` of a cookie, `refresh` of a refresh token.
    pub idle_timeout: Duration,
    /// When it is over whatever its use.
    pub expires_at: Timestamp,
    /// What the client holds, as the server knows it.
    pub credential: Credential,
    /// Why and when it was ended before it expired.
    pub ended: Option<End>,
}

/// What the client of a session holds, as the server knows it. It also tells the session's mode, which never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A session cookie.
    Cookie {
        /// Digest of the cookie's secret.
        secret: Digest,
        /// The digest before the last rotation, honoured until then.
        previous: Option<(Digest, Timestamp)>,
    },
    /// A refresh token, and access tokens.
    Recorded(RefreshState),
}

/// All that is kept of a session's refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshState {
    /// The counter in the newest refresh token.
    pub counter: u32,
    /// When the newest refresh token was given out.
    pub rotated_at: Timestamp,
    /// For how long after that the one before still gets the same answer.
    pub window: Duration,
    /// The access token given out with the newest refresh token.
    pub token: TokenId,
    /// When the last access token given out for this session expires.
    pub tokens_until: Timestamp,
}

/// How a session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// It can be used.
    Alive,
    /// It reached its absolute end, or was not used for too long.
    Expired,
    /// It was ended by somebody.
    Ended,
}

impl Session {
    /// How it is carried.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        match self.credential {
            Credential::Cookie { .. } => Mode::Cookie,
            Credential::Recorded(_) => Mode::Recorded,
        }
    }

    /// When it is over if it is not used again.
    #[must_use]
    pub fn idle_deadline(&self) -> Timestamp {
        let used = match self.credential {
            Credential::Cookie { .. } => self.last_seen_at,
            Credential::Recorded(RefreshState { rotated_at, .. }) => rotated_at,
        };
        (used + self.idle_timeout).min(self.expires_at)
    }

    /// How it is doing at `now`, as far as its own record tells: markers are the view's to know.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> SessionState {
        if self.ended.as_ref().is_some_and(|end| end.at <= now) {
            SessionState::Ended
        } else if now >= self.idle_deadline() {
            SessionState::Expired
        } else {
            SessionState::Alive
        }
    }

    /// Whether `digest` is of the secret of a cookie that is honoured at `now`.
    #[must_use]
    pub fn honours(&self, digest: Digest, now: Timestamp) -> bool {
        self.honoured_until(digest, now).is_some()
    }

    /// Until when the cookie is honoured whose secret has that digest; `None` when it is not at `now`.
    #[must_use]
    pub fn honoured_until(&self, digest: Digest, now: Timestamp) -> Option<Timestamp> {
        let Credential::Cookie { secret, previous } = &self.credential else { return None };
        if *secret == digest {
            return Some(self.expires_at);
        }
        previous.filter(|(old, until)| now < *until && *old == digest).map(|(_, until)| until)
    }

    /// What a principal tells of it.
    #[must_use]
    pub fn card(&self) -> SessionCard {
        SessionCard { id: self.id, auth_time: self.auth_time }
    }
}

impl Lifetimes {
    /// For how long a session in `mode` may go unused.
    #[must_use]
    pub const fn idle_timeout(&self, mode: Mode) -> Duration {
        match mode {
            Mode::Cookie | Mode::Jwt => self.idle,
            Mode::Recorded => self.refresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let begun = Timestamp::from_seconds(1000);
        Session {
            id: SessionId::from_bytes([1; 16]),
            user: UserId::from_bytes([2; 16]),
            client: ClientId::default_client(),
            auth_time: begun,
            origin: Origin::default(),
            generation: 0,
            last_seen_at: begun,
            idle_timeout: Duration::from_secs(60),
            expires_at: begun + Duration::from_secs(600),
            credential: Credential::Cookie {
                secret: Digest::new([1; 32]),
                previous: Some((Digest::new([2; 32]), begun + Duration::from_secs(5))),
            },
            ended: None,
        }
    }

    #[test]
    fn it_expires_when_unused_and_in_any_case() {
        let mut session = session();
        assert_eq!(session.state(Timestamp::from_seconds(1059)), SessionState::Alive);
        assert_eq!(session.state(Timestamp::from_seconds(1060)), SessionState::Expired);
        session.last_seen_at = Timestamp::from_seconds(1599);
        assert_eq!(session.state(Timestamp::from_seconds(1599)), SessionState::Alive);
        assert_eq!(session.state(Timestamp::from_seconds(1600)), SessionState::Expired);
    }

    #[test]
    fn an_end_may_lie_a_few_seconds_ahead() {
        let mut session = session();
        let at = Timestamp::from_seconds(1010);
        session.ended = Some(End { at, reason: EndReason::Superseded, by: None, note: None });
        assert_eq!(session.state(Timestamp::from_seconds(1009)), SessionState::Alive);
        assert_eq!(session.state(at), SessionState::Ended);
    }

    #[test]
    fn the_secret_before_the_last_is_honoured_for_a_while() {
        let session = session();
        let soon = Timestamp::from_seconds(1004);
        let later = Timestamp::from_seconds(1005);
        assert!(session.honours(Digest::new([1; 32]), later));
        assert!(session.honours(Digest::new([2; 32]), soon));
        assert!(!session.honours(Digest::new([2; 32]), later));
        assert!(!session.honours(Digest::new([3; 32]), soon));
    }
}
