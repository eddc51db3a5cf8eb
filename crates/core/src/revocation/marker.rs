//! One revocation, as it stands in the feed, and what it covers.

use serde::{Deserialize, Serialize};

use crate::session::EndReason;
use crate::{ClientId, FeedId, SessionId, Timestamp, TokenId, UserId};

/// One revocation in the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Its number in the feed. Numbers rise; a number is never given twice.
    pub sequence: u64,
    /// What is revoked.
    #[serde(flatten)]
    pub subject: Subject,
    /// Why.
    pub reason: EndReason,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the last credential that it can cover has expired, and the marker may be forgotten.
    pub expires_at: Timestamp,
}

/// What a marker revokes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// One access token.
    Token {
        /// Its `jti`.
        token: TokenId,
    },
    /// One session, and every token of it.
    Session {
        /// Its id, a token's `sid`.
        session: SessionId,
    },
    /// Everything of one user whose generation is lower than the marker's number.
    User {
        /// The user.
        user: UserId,
        /// But not of this session: "end all others".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        except: Option<SessionId>,
    },
    /// Everything of one client whose generation is lower than the marker's number.
    Client {
        /// The client.
        client: ClientId,
    },
    /// Everything whose generation is lower than the marker's number.
    All,
    /// Every session that began before an instant, and its tokens: an operator's "all that was issued before".
    BegunBefore {
        /// The instant.
        before: Timestamp,
        /// Only of this client.
        client: Option<ClientId>,
    },
}

/// What a marker needs to know of a credential.
#[derive(Clone, Copy, Debug)]
pub struct Issued<'a> {
    /// The `jti`, when it is a token.
    pub token: Option<TokenId>,
    /// The session.
    pub session: SessionId,
    /// The user.
    pub user: UserId,
    /// The client.
    pub client: &'a ClientId,
    /// The feed's number when the log-in began.
    pub generation: u64,
}

impl Marker {
    /// Whether a credential is revoked by this marker.
    #[must_use]
    pub fn covers(&self, issued: &Issued<'_>) -> bool {
        let older = issued.generation < self.sequence;
        match &self.subject {
            Subject::Token { token } => issued.token == Some(*token),
            Subject::Session { session } => issued.session == *session,
            Subject::User { user, except } => {
                older && issued.user == *user && *except != Some(issued.session)
            }
            Subject::Client { client } => older && issued.client == client,
            Subject::All => older,
            Subject::BegunBefore { before, client } => {
                issued.session.created_at() < *before
                    && client.as_ref().is_none_or(|client| issued.client == client)
            }
        }
    }
}

/// Where a feed stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedHead {
    /// Which life of the feed this is. Another one means that the feed was lost and begun again.
    pub feed: FeedId,
    /// The number of the newest marker; 0 when there was none yet.
    pub sequence: u64,
    /// The highest number that was forgotten. Whoever stands below it must take a snapshot before deltas.
    pub forgotten: u64,
}

/// All markers that still cover something, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Where the feed stood.
    #[serde(flatten)]
    pub head: FeedHead,
    /// The markers, in order.
    pub markers: Vec<Marker>,
}
