//! Revocation: the marker first, then the records.

use std::collections::HashSet;

use counterfoil_core::port::{Counts, Revocation, Revoke, StoreResult};
use counterfoil_core::revocation::{Marker, Plan, Subject};
use counterfoil_core::session::{End, Session};
use counterfoil_core::token::TokenState;
use counterfoil_core::{SessionId, Timestamp, TokenId, UserId};
use futures_util::future::{try_join, try_join_all};

use super::AT_ONCE;
use super::standing::{ends_earlier, with_open};
use crate::RedisStore;
use crate::records::{Change, StoredSession, Tries, ttl};

/// The last marker that a command appended for a session, and until when it is kept.
pub(super) type Marked = Option<(u64, Timestamp)>;

/// What became of the selected.
#[derive(Default)]
struct Done {
    counts: Counts,
    /// The last marker that was appended.
    sequence: Option<u64>,
}

impl RedisStore {
    pub(super) async fn carry_out(&self, command: Revoke) -> StoreResult<Revocation> {
        let Revoke { selection, reason, by, note, now } = command;
        let end = End { at: now, reason, by, note };
        let done = match selection.plan() {
            Plan::Mark(Subject::Token { token }) => self.revoke_token(token, &end).await?,
            Plan::Mark(Subject::Session { session }) => match self.user_of(session).await? {
                Some(user) => self.end_each(user, vec![session], &end, None).await?,
                None => Done::default(),
            },
            Plan::Mark(subject @ Subject::User { user, except }) => {
                let sequence = self.feed.append(&subject, &end, Marker::expiry_for_many(now)).await?;
                let all = self.records.all(user).await?;
                let ids = all.sessions.into_keys().filter(|id| Some(*id) != except).collect();
                self.end_each(user, ids, &end, Some(sequence)).await?
            }
            Plan::Enumerate { user } => {
                let all = self.records.all(user).await?;
                let sessions = all.sessions.into_values().map(|stored| stored.value);
                let selected =
                    sessions.filter(|session| selection.selects(session.id, session.user, &session.client));
                let ids = selected.map(|session| session.id).collect();
                self.end_each(user, ids, &end, None).await?
            }
            Plan::Mark(subject @ (Subject::Client { .. } | Subject::All | Subject::BegunBefore { .. })) => {
                let sequence = self.feed.append(&subject, &end, Marker::expiry_for_many(now)).await?;
                // The records follow with later sweeps; until then reads apply the marker.
                let counts = self.count_covered(sequence, &subject, &selection, &end).await?;
                Done { counts, sequence: Some(sequence) }
            }
        };
        let sequence = match done.sequence {
            Some(sequence) => sequence,
            None => self.feed.head().await?.sequence,
        };
        Ok(Revocation { counts: done.counts, sequence })
    }

    async fn revoke_token(&self, id: TokenId, end: &End) -> StoreResult<Done> {
        let Some(entry) = self.owner_of(id).await? else { return Ok(Done::default()) };
        let mut done = Done::default();
        let mut tries = Tries::default();
        loop {
            let record = self.records.token(entry.user, entry.session, id);
            let (open, found) = try_join(self.feed.open(), record).await?;
            let Some((before, session)) = found else { return Ok(done) };
            let session = with_open(&open, session.value);
            if before.value.state(session.ended.as_ref(), end.at) != TokenState::Alive {
                return Ok(done);
            }
            if done.sequence.is_none() {
                let expires_at = Marker::expiry_for_token(before.value.expires_at, end.at);
                done.sequence = Some(self.feed.append(&Subject::Token { token: id }, end, expires_at).await?);
            }
            let mut token = before.value.clone();
            token.revoked = Some(end.clone());
            let change = [Change::token(Some(&before), &token, &session)];
            if self.records.swap(entry.user, 0, &change).await? {
                done.counts.tokens = 1;
                return Ok(done);
            }
            tries.again().await?;
        }
    }

    /// Ends a user's sessions, after a marker for each unless one covers them all already.
    async fn end_each(
        &self,
        user: UserId,
        mut ids: Vec<SessionId>,
        end: &End,
        covered_by: Option<u64>,
    ) -> StoreResult<Done> {
        ids.sort_unstable();
        let mut ended = HashSet::new();
        let mut last = covered_by;
        for piece in ids.chunks(AT_ONCE) {
            let each = piece.iter().map(|id| self.end_session(user, *id, end, covered_by));
            for (id, (marked, was_alive)) in piece.iter().zip(try_join_all(each).await?) {
                last = last.max(marked.map(|(sequence, _)| sequence));
                ended.extend(was_alive.then_some(*id));
            }
        }
        let tokens = if ended.is_empty() { 0 } else { self.tokens_alive(user, &ended, end.at).await? };
        let sessions = u64::try_from(ended.len()).unwrap_or(u64::MAX);
        Ok(Done { counts: Counts { sessions, tokens }, sequence: last })
    }

    /// Ends a session that no revocation has ended. One that has expired is ended too: by the clock of another node it may
    /// not have, and what was revoked must never be used again. Returns whether this ended it while it was alive.
    async fn end_session(
        &self,
        user: UserId,
        id: SessionId,
        end: &End,
        covered_by: Option<u64>,
    ) -> StoreResult<(Marked, bool)> {
        let mut marked = None;
        let mut tries = Tries::default();
        loop {
            let (open, found) = try_join(self.feed.open(), self.records.session(user, id)).await?;
            let Some(before) = found else { return Ok((marked, false)) };
            let session = with_open(&open, before.value.clone());
            if session.is_revoked(end.at) {
                return Ok((marked, false));
            }
            let alive = session.goes_on(end.at);
            if covered_by.is_none() {
                self.mark(&session, end, &mut marked).await?;
            }
            if self.write_end(&before, session, end, None).await? {
                return Ok((marked, alive));
            }
            tries.again().await?;
        }
    }

    /// Appends a marker for a session, unless this command has done so already. If a refresh came in between, and gave out
    /// a token that lives longer than that marker, it takes another one.
    pub(super) async fn mark(&self, session: &Session, end: &End, marked: &mut Marked) -> StoreResult<()> {
        let expires_at = Marker::expiry_for_session(session, end.at);
        if marked.is_none_or(|(_, until)| until < expires_at) {
            let subject = Subject::Session { session: session.id };
            *marked = Some((self.feed.append(&subject, end, expires_at).await?, expires_at));
        }
        Ok(())
    }

    /// Ends a session in its record, unless it ended before; returns whether the record was still what it was.
    pub(super) async fn write_end(
        &self,
        before: &StoredSession,
        mut session: Session,
        end: &End,
        marker_of_many: Option<u64>,
    ) -> StoreResult<bool> {
        if ends_earlier(&session, end) {
            session.ended = Some(end.clone());
        }
        let change = [Change::session_ended_by(Some(before), &session, marker_of_many)];
        let ttl = ttl(session.expires_at, end.at);
        let due = self.index.due_earlier(session.id, session.over_at(), ttl);
        let ((), swapped) = try_join(due, self.records.swap(session.user, 0, &change)).await?;
        Ok(swapped)
    }

    /// How many recorded tokens of some sessions of a user have not expired and were not revoked alone.
    pub(super) async fn tokens_alive(
        &self,
        user: UserId,
        of: &HashSet<SessionId>,
        now: Timestamp,
    ) -> StoreResult<u64> {
        let tokens = self.records.all(user).await?.tokens;
        let alive = tokens.iter().filter(|token| {
            of.contains(&token.value.session) && token.value.state(None, now) == TokenState::Alive
        });
        Ok(u64::try_from(alive.count()).unwrap_or(u64::MAX))
    }
}
