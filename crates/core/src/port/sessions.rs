//! The sessions port: sessions, token records, markers and their feed.

use async_trait::async_trait;

use super::StoreResult;
use crate::audit::Actor;
use crate::revocation::{FeedHead, Marker, Selection, Snapshot};
use crate::session::{End, EndReason, Session, SessionState};
use crate::token::{TokenRecord, TokenState};
use crate::{ClientId, Digest, Mode, Page, PageRequest, SessionId, Timestamp, TokenId, UserId};

/// The outcome of [`SessionStore::create`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there.
    Done,
    /// Nothing was stored: a marker newer than the session's generation covers it already. Whoever logs in was
    /// overtaken by a revocation and must decide anew, upon what is true now.
    Overtaken,
}

/// A command to give out the next refresh token of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotateRefresh {
    /// The session.
    pub session: SessionId,
    /// The counter of the refresh token that was presented.
    pub presented: u32,
    /// The access token that goes with the next one.
    pub token: TokenRecord,
    /// The present.
    pub now: Timestamp,
}

/// The outcome of [`SessionStore::rotate_refresh`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// The session has the counter after the presented one, and the new token is recorded.
    Rotated {
        /// The counter of the refresh token to give out.
        counter: u32,
    },
    /// A repeat or a race within the window: the answer of the winner, to be given again.
    Converged {
        /// The counter of the refresh token to give out again.
        counter: u32,
        /// The access token to give out again.
        token: Box<TokenRecord>,
    },
    /// A replay after the window. The session and all its tokens have been revoked with
    /// [`EndReason::RefreshReused`], the marker having this number.
    Replayed {
        /// The marker's number.
        sequence: u64,
    },
    /// The session is over, and why if it was ended.
    Over(Option<End>),
    /// There is no such session, or it has no refresh tokens.
    Unknown,
}

/// A command to replace the secret of a session's cookie, at a rise of privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotateSecret {
    /// The session.
    pub session: SessionId,
    /// The digest of the new secret.
    pub secret: Digest,
    /// Until when the present one is honoured too.
    pub previous_until: Timestamp,
    /// When the user proved who they are, again.
    pub auth_time: Timestamp,
    /// The present.
    pub now: Timestamp,
}

/// A command to revoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoke {
    /// What.
    pub selection: Selection,
    /// Why.
    pub reason: EndReason,
    /// By whom.
    pub by: Option<Actor>,
    /// What they wrote beside it; at most 256 bytes.
    pub note: Option<String>,
    /// The present.
    pub now: Timestamp,
}

/// What a selection holds at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions that are alive.
    pub sessions: u64,
    /// Recorded tokens that are alive.
    pub tokens: u64,
}

/// The outcome of [`SessionStore::revoke`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// What was alive and is not any more.
    pub counts: Counts,
    /// The number of the last marker appended; the feed's head when nothing was selected and none had to be.
    pub sequence: u64,
}

/// How [`SessionStore::supersede`] found the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was alive.
    Done,
    /// It was over, or never there.
    Unchanged,
}

/// Words to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText {
    /// Users that the words were found to name; at most 100.
    pub users: Vec<UserId>,
    /// Or: the address begins with this, or the user agent contains it, whatever the case.
    pub text: String,
}

/// Which sessions are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// Of this user.
    pub user: Option<UserId>,
    /// Of this client.
    pub client: Option<ClientId>,
    /// Carried so.
    pub mode: Option<Mode>,
    /// Doing so at the present that is handed in.
    pub state: Option<SessionState>,
    /// Begun at or after this instant.
    pub created_after: Option<Timestamp>,
    /// Matching these words.
    pub search: Option<SearchText>,
}

/// Which token records are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFilter {
    /// Of this user.
    pub user: Option<UserId>,
    /// Of this client.
    pub client: Option<ClientId>,
    /// Of this session.
    pub session: Option<SessionId>,
    /// Doing so at the present that is handed in.
    pub state: Option<TokenState>,
    /// Given out at or after this instant.
    pub created_after: Option<Timestamp>,
    /// Matching these words.
    pub search: Option<SearchText>,
}

/// A token record, and what its session's end says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenListing {
    /// The record.
    pub record: TokenRecord,
    /// The generation of the session.
    pub generation: u64,
    /// The end of its session, if it was ended.
    pub session_end: Option<End>,
}

/// What one [`SessionStore::sweep`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions covered by a marker of many that have now been ended in their records.
    pub ended: u32,
    /// Session and token records removed.
    pub removed: u32,
    /// Markers forgotten.
    pub markers: u32,
    /// Whether there is more to do.
    pub more: bool,
}

/// A store of sessions. The rules of [the module](super) hold.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Adds a session and, for a `recorded` one, its first token's record.
    async fn create(&self, session: Session, token: Option<TokenRecord>) -> StoreResult<Created>;

    /// The session of that id, in whatever state; `None` when its record is gone.
    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>>;

    /// Gives out the next refresh token, by the verdict of [`judge_refresh`](crate::token::judge_refresh) upon the
    /// record as it is. Of callers that present the same counter at once, exactly one is told `Rotated`; the others
    /// are told what it was given.
    async fn rotate_refresh(&self, command: RotateRefresh) -> StoreResult<RefreshOutcome>;

    /// Replaces a cookie's secret, and returns the session then; `None` when the session is not alive or has no cookie.
    async fn rotate_secret(&self, command: RotateSecret) -> StoreResult<Option<Session>>;

    /// Notes when sessions were last seen. Never moves a time back, never touches a session that is over.
    async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> StoreResult<()>;

    /// Ends a session a few seconds ahead, at `end.at`, for requests that are under way. No marker is appended: it would
    /// refuse those. Whoever holds a copy of the session looks it up anew within minutes and learns of the end.
    async fn supersede(&self, session: SessionId, end: End) -> StoreResult<Ended>;

    /// Revokes: appends the marker or markers, and changes the records, at once where they are of one user and else by
    /// later sweeps. Revoking what is over, or was never there, succeeds and counts nothing.
    async fn revoke(&self, command: Revoke) -> StoreResult<Revocation>;

    /// What [`Self::revoke`] would count.
    async fn count(&self, selection: &Selection, now: Timestamp) -> StoreResult<Counts>;

    /// A page of sessions, newest first.
    async fn sessions(
        &self,
        filter: &SessionFilter,
        page: PageRequest<SessionId>,
        now: Timestamp,
    ) -> StoreResult<Page<Session, SessionId>>;

    /// The record of that token, if there is one.
    async fn token(&self, id: TokenId) -> StoreResult<Option<TokenListing>>;

    /// A page of token records, newest first.
    async fn tokens(
        &self,
        filter: &TokenFilter,
        page: PageRequest<TokenId>,
        now: Timestamp,
    ) -> StoreResult<Page<TokenListing, TokenId>>;

    /// Where the feed stands.
    async fn feed_head(&self) -> StoreResult<FeedHead>;

    /// The markers after `sequence`, in order, at most `limit`. Complete if the head's `forgotten` is not above
    /// `sequence`.
    async fn markers_after(&self, sequence: u64, limit: u32) -> StoreResult<Vec<Marker>>;

    /// Ends everything, after a feed was lost or went back: `found` is what is there instead. In one step the feed gets
    /// another id and goes on above `above` and its own number, and has a marker of everything ([`Subject::All`]) with that
    /// number, so that the marker covers whatever carries a generation up to `above`. Does nothing when the feed is not as
    /// it was found any more: another node was faster. Returns where the feed stands then.
    ///
    /// [`Subject::All`]: crate::revocation::Subject::All
    async fn begin_anew(&self, found: FeedHead, above: u64, end: End) -> StoreResult<FeedHead>;

    /// All markers that still cover something at `now`.
    async fn snapshot(&self, now: Timestamp) -> StoreResult<Snapshot>;

    /// Returns when the feed may have moved past `sequence`, from this process or another. May return early, and returns
    /// at once if it has moved already. A success confirms that the feed was seen as it was at some moment during the
    /// call; it returns within half a second even if nothing moves, so that a follower knows how old its view is.
    async fn wait_beyond(&self, sequence: u64) -> StoreResult<()>;

    /// Does some of the work that is due, at most `limit` records of each kind: ends the records covered by markers of
    /// many, removes records that have been over since before `keep_after`, forgets markers that expired before `now`
    /// and whose work is done.
    async fn sweep(&self, now: Timestamp, keep_after: Timestamp, limit: u32) -> StoreResult<Swept>;
}
