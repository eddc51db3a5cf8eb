//! Removing what has been over since before a horizon: sessions, none before its tokens, and tokens that have expired.
//!
//! A bucket that is due is looked through, and then due again when the first of what is left in it may be removed.

use std::collections::HashMap;
use std::time::Duration;

use counterfoil_core::port::StoreResult;
use counterfoil_core::{SessionId, Timestamp, TokenId, UserId};
use futures_util::future::try_join_all;

use super::AT_ONCE;
use crate::RedisStore;
use crate::index::{Book, Due, SessionEntry, TokenEntry};
use crate::records::{Change, StoredSession};

/// Buckets looked through in one sweep.
const BUCKETS: usize = 64;
/// What is left in a bucket waits so long after a look at least: a look goes through all of the bucket, and what is in it ends
/// one by one, over days. A revocation, of which many are together, is looked for at once all the same.
const REST: Duration = Duration::from_secs(3600);

/// What one sweep may still remove of each kind, and then what it has removed.
#[derive(Clone, Copy, Default)]
pub(super) struct Removed {
    pub(super) sessions: usize,
    pub(super) tokens: usize,
}

/// What is left in a bucket after a look through it.
struct Left {
    /// The first instant at which something of it may be removed; nothing when it is empty.
    earliest: Option<Timestamp>,
    /// Whether all of it was looked at, and all removed that could be.
    done: bool,
}

impl Left {
    const NOTHING: Self = Self { earliest: None, done: true };

    fn stays(&mut self, until: Timestamp) {
        self.earliest = Some(self.earliest.map_or(until, |earliest| earliest.min(until)));
    }
}

impl RedisStore {
    pub(super) async fn remove_sessions(&self, horizon: Timestamp, limit: usize) -> StoreResult<Removed> {
        let mut removed = Removed::default();
        for due in self.index.due(Book::Sessions, horizon, BUCKETS).await? {
            let left = self.remove_sessions_of(&due, horizon, limit, &mut removed).await?;
            if !left.done {
                break;
            }
            self.look_again(Book::Sessions, &due, left.earliest, horizon).await?;
        }
        Ok(removed)
    }

    pub(super) async fn remove_expired_tokens(&self, horizon: Timestamp, limit: usize) -> StoreResult<usize> {
        let mut removed = 0;
        for due in self.index.due(Book::Tokens, horizon, BUCKETS).await? {
            let left = self.remove_tokens_of(&due, horizon, limit, &mut removed).await?;
            if !left.done {
                break;
            }
            self.look_again(Book::Tokens, &due, left.earliest, horizon).await?;
        }
        Ok(removed)
    }

    async fn look_again(
        &self,
        book: Book,
        due: &Due,
        earliest: Option<Timestamp>,
        horizon: Timestamp,
    ) -> StoreResult<()> {
        let to = earliest.map(|earliest| earliest.max(horizon + REST));
        self.index.postpone(book, due, to).await
    }

    async fn remove_sessions_of(
        &self,
        due: &Due,
        horizon: Timestamp,
        limit: usize,
        removed: &mut Removed,
    ) -> StoreResult<Left> {
        let mut left = Left::NOTHING;
        let mut last: Option<SessionEntry> = None;
        loop {
            let entries = self.index.entries(&due.bucket, last.as_ref(), AT_ONCE).await?;
            let Some(newest) = entries.last() else { return Ok(left) };
            last = Some(*newest);
            let records = entries.iter().map(|entry| self.records.session(entry.user, entry.id));
            let records = try_join_all(records).await?;
            let mut over: HashMap<UserId, Vec<StoredSession>> = HashMap::new();
            for (entry, stored) in entries.iter().zip(records) {
                // Without a record it was removed before, or its log-in is still being written.
                let over_at = stored.as_ref().map_or(entry.id.created_at(), |stored| stored.value.over_at());
                if over_at >= horizon {
                    left.stays(over_at);
                } else if let Some(stored) = stored {
                    over.entry(entry.user).or_default().push(stored);
                } else {
                    self.index.remove(&[*entry]).await?;
                }
            }
            if !self.remove_these(over, limit, removed).await? {
                return Ok(Left { done: false, ..left });
            }
        }
    }

    /// Removes sessions with their tokens, as many as are allowed; returns whether all of them are gone.
    async fn remove_these(
        &self,
        over: HashMap<UserId, Vec<StoredSession>>,
        limit: usize,
        removed: &mut Removed,
    ) -> StoreResult<bool> {
        let all = try_join_all(over.keys().map(|user| self.records.all(*user))).await?;
        let mut tokens: HashMap<SessionId, Vec<TokenId>> = HashMap::new();
        for token in all.into_iter().flat_map(|of_user| of_user.tokens) {
            tokens.entry(token.value.session).or_default().push(token.value.id);
        }
        let mut within_limits = true;
        let mut jobs = Vec::new();
        let mut planned = *removed;
        for before in over.into_values().flatten() {
            let mut ids = tokens.remove(&before.value.id).unwrap_or_default();
            let allowed = limit.saturating_sub(planned.tokens);
            let whole = ids.len() <= allowed && planned.sessions < limit;
            ids.truncate(allowed);
            planned.tokens += ids.len();
            planned.sessions += usize::from(whole);
            jobs.push((before, ids, whole));
            if !whole {
                within_limits = false;
                break;
            }
        }
        let done = jobs.iter().map(|(before, ids, whole)| self.remove_session(before, ids, *whole));
        let mut all_gone = within_limits;
        for ((_, _, whole), (session_gone, tokens)) in jobs.iter().zip(try_join_all(done).await?) {
            removed.tokens += tokens;
            removed.sessions += usize::from(session_gone);
            // If it has changed, or another node removed it, the bucket stays due and is looked at again.
            all_gone &= session_gone == *whole;
        }
        Ok(all_gone)
    }

    /// Removes tokens of a session, and then the session if these are all; returns whether it went, and how many did.
    async fn remove_session(
        &self,
        before: &StoredSession,
        ids: &[TokenId],
        whole: bool,
    ) -> StoreResult<(bool, usize)> {
        let (session, user) = (before.value.id, before.value.user);
        let tokens = self.remove_tokens(user, session, ids).await?;
        let gone = whole && self.records.swap(user, 0, &[Change::without_session(before)]).await?;
        if gone {
            self.index.remove(&[SessionEntry { id: session, user }]).await?;
        }
        Ok((gone, tokens))
    }

    async fn remove_tokens(&self, user: UserId, session: SessionId, ids: &[TokenId]) -> StoreResult<usize> {
        let gone = self.records.remove_tokens(user, ids).await?;
        let entries: Vec<_> = ids.iter().map(|id| TokenEntry { id: *id, user, session }).collect();
        self.index.remove(&entries).await?;
        Ok(usize::try_from(gone).unwrap_or(usize::MAX))
    }

    async fn remove_tokens_of(
        &self,
        due: &Due,
        horizon: Timestamp,
        limit: usize,
        removed: &mut usize,
    ) -> StoreResult<Left> {
        let mut left = Left::NOTHING;
        let mut last: Option<TokenEntry> = None;
        loop {
            let entries = self.index.entries(&due.bucket, last.as_ref(), AT_ONCE).await?;
            let Some(newest) = entries.last() else { return Ok(left) };
            last = Some(*newest);
            let expiries = entries.iter().map(|entry| self.records.token_expires_at(entry.user, entry.id));
            let expiries = try_join_all(expiries).await?;
            let mut over = Vec::new();
            for (entry, expires_at) in entries.iter().zip(expiries) {
                // Without a record it was removed before, or it was never given out.
                let over_at = expires_at.unwrap_or(entry.id.created_at());
                if over_at < horizon {
                    over.push(*entry);
                } else {
                    left.stays(over_at);
                }
            }
            let allowed = limit.saturating_sub(*removed);
            let too_many = over.len() > allowed;
            over.truncate(allowed);
            let removals = over.iter().map(|entry| async {
                let TokenEntry { id, user, session } = *entry;
                self.remove_tokens(user, session, &[id]).await
            });
            *removed += try_join_all(removals).await?.into_iter().sum::<usize>();
            if too_many {
                return Ok(Left { done: false, ..left });
            }
        }
    }
}
