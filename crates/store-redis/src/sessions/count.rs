//! What a selection holds.

use std::collections::HashSet;
use std::time::Duration;

use counterfoil_core::account::Lifetimes;
use counterfoil_core::port::{Counts, StoreResult};
use counterfoil_core::revocation::{Marker, Selection, Subject};
use counterfoil_core::session::End;
use counterfoil_core::token::TokenState;
use counterfoil_core::{SessionId, Timestamp, TokenId, UserId};
use futures_util::future::{try_join, try_join_all};

use super::AT_ONCE;
use super::standing::with_open;
use crate::RedisStore;
use crate::feed::Open;
use crate::index::{SessionEntry, TokenEntry};
use crate::records::StoredSession;
use crate::walk::Walk;

/// Tokens of which the id is older than any token can be have expired.
const OLDEST_TOKEN: Duration = Duration::from_secs(Lifetimes::MAX_ACCESS.as_secs() + 3600);

impl RedisStore {
    pub(super) async fn count_selected(&self, selection: &Selection, now: Timestamp) -> StoreResult<Counts> {
        match selection {
            Selection::Token(token) => {
                let found = self.read_token(*token).await?;
                let alive = found.is_some_and(|found| {
                    found.record.state(found.session_end.as_ref(), now) == TokenState::Alive
                });
                Ok(Counts { sessions: 0, tokens: alive.into() })
            }
            Selection::Session(session) => match self.user_of(*session).await? {
                Some(user) => self.count_of_user(user, selection, now).await,
                None => Ok(Counts::default()),
            },
            Selection::Sessions { user: Some(user), .. } => self.count_of_user(*user, selection, now).await,
            Selection::Sessions { user: None, .. } => {
                let open = self.feed.open().await?;
                let counted = |StoredSession { value: session, .. }: StoredSession| {
                    let selected = selection.selects(session.id, session.user, &session.client);
                    selected && with_open(&open, session).goes_on(now)
                };
                self.count_along(selection, now, counted).await
            }
        }
    }

    async fn count_of_user(
        &self,
        user: UserId,
        selection: &Selection,
        now: Timestamp,
    ) -> StoreResult<Counts> {
        let (open, all) = try_join(self.feed.open(), self.records.all(user)).await?;
        let sessions = all.sessions.into_values().map(|stored| with_open(&open, stored.value));
        let selected = sessions.filter(|session| {
            selection.selects(session.id, session.user, &session.client) && session.goes_on(now)
        });
        let selected: HashSet<SessionId> = selected.map(|session| session.id).collect();
        let tokens = all.tokens.iter().filter(|token| {
            selected.contains(&token.value.session) && token.value.state(None, now) == TokenState::Alive
        });
        let tokens = u64::try_from(tokens.count()).unwrap_or(u64::MAX);
        Ok(Counts { sessions: u64::try_from(selected.len()).unwrap_or(u64::MAX), tokens })
    }

    /// What a marker of many that was just appended ends: counted as it was before it. Who logged in since is not covered;
    /// and what a sweep has ended already by this very marker was alive.
    pub(super) async fn count_covered(
        &self,
        sequence: u64,
        subject: &Subject,
        selection: &Selection,
        end: &End,
    ) -> StoreResult<Counts> {
        let mut open = self.feed.open().await?;
        open.retain(|open: &Open| open.marker.sequence < sequence);
        let marker = Marker {
            sequence,
            subject: subject.clone(),
            reason: end.reason,
            created_at: end.at,
            expires_at: end.at,
        };
        let counted = |StoredSession { value: mut session, ended_by, .. }: StoredSession| {
            if ended_by == Some(sequence) {
                session.ended = None;
            }
            marker.covers(&session.issued()) && with_open(&open, session).goes_on(end.at)
        };
        self.count_along(selection, end.at, counted).await
    }

    /// Counts along both indexes.
    async fn count_along(
        &self,
        selection: &Selection,
        now: Timestamp,
        counted: impl Fn(StoredSession) -> bool,
    ) -> StoreResult<Counts> {
        let before = match selection {
            Selection::Sessions { begun_before, .. } => begun_before.map(SessionId::least_of),
            _ => None,
        };
        let mut counts = Counts::default();
        let mut walk = Walk::new(&self.index, before.map(|id| *id.as_bytes()), None);
        loop {
            let entries: Vec<SessionEntry> = walk.next(AT_ONCE).await?;
            if entries.is_empty() {
                break;
            }
            let records = entries.iter().map(|entry| self.records.session(entry.user, entry.id));
            for stored in try_join_all(records).await?.into_iter().flatten() {
                counts.sessions += u64::from(counted(stored));
            }
        }
        let from = TokenId::least_of(now - OLDEST_TOKEN);
        let mut walk = Walk::new(&self.index, None, Some(*from.as_bytes()));
        loop {
            let entries: Vec<TokenEntry> = walk.next(AT_ONCE).await?;
            if entries.is_empty() {
                return Ok(counts);
            }
            let records = entries.iter().map(|entry| self.records.token(entry.user, entry.session, entry.id));
            for (token, session) in try_join_all(records).await?.into_iter().flatten() {
                let alive = token.value.state(None, now) == TokenState::Alive;
                counts.tokens += u64::from(alive && counted(session));
            }
        }
    }
}
