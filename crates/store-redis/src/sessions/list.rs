//! Lists of sessions and of token records, newest first: of one user by the user's hash, else along the index.

use std::cmp::Reverse;

use counterfoil_core::port::{SessionFilter, StoreResult, TokenFilter, TokenListing};
use counterfoil_core::session::Session;
use counterfoil_core::{Page, PageRequest, SessionId, Timestamp, TokenId, UserId};
use futures_util::future::try_join_all;

use super::page::Filling;
use super::read::listing;
use super::search::Search;
use super::standing::with_open;
use crate::RedisStore;
use crate::index::{SessionEntry, TokenEntry};
use crate::walk::Walk;

impl RedisStore {
    pub(super) async fn list_sessions(
        &self,
        filter: &SessionFilter,
        page: PageRequest<SessionId>,
        now: Timestamp,
    ) -> StoreResult<Page<Session, SessionId>> {
        let open = self.feed.open().await?;
        let search = Search::new(filter.search.as_ref());
        let matches = |session: &Session| {
            filter.client.as_ref().is_none_or(|client| *client == session.client)
                && filter.mode.is_none_or(|mode| mode == session.mode())
                && filter.state.is_none_or(|state| state == session.state(now))
                && search.matches(session.user, &session.origin)
        };
        let from = filter.created_after.map(SessionId::least_of);
        let mut filling = Filling::new(page.limit, |session: &Session| session.id);
        if let Some(user) = filter.user {
            let all = self.records.all(user).await?.sessions;
            let mut sessions: Vec<Session> = all.into_values().map(|stored| stored.value).collect();
            sessions.retain(|session| is_within(session.id, page.after, from));
            sessions.sort_unstable_by_key(|session| Reverse(session.id));
            for session in sessions {
                let session = with_open(&open, session);
                let wanted = matches(&session);
                if let Some(page) = filling.take(session, wanted) {
                    return Ok(page);
                }
            }
            return Ok(filling.end());
        }
        let mut walk =
            Walk::new(&self.index, page.after.map(|id| *id.as_bytes()), from.map(|id| *id.as_bytes()));
        loop {
            let entries: Vec<SessionEntry> = walk.next(filling.wanted()).await?;
            if entries.is_empty() {
                return Ok(filling.end());
            }
            let records = entries.iter().map(|entry| self.records.session(entry.user, entry.id));
            for stored in try_join_all(records).await?.into_iter().flatten() {
                let session = with_open(&open, stored.value);
                let wanted = matches(&session);
                if let Some(page) = filling.take(session, wanted) {
                    return Ok(page);
                }
            }
        }
    }

    pub(super) async fn list_tokens(
        &self,
        filter: &TokenFilter,
        page: PageRequest<TokenId>,
        now: Timestamp,
    ) -> StoreResult<Page<TokenListing, TokenId>> {
        let open = self.feed.open().await?;
        let search = Search::new(filter.search.as_ref());
        let matches = |TokenListing { record, session_end, .. }: &TokenListing| {
            filter.client.as_ref().is_none_or(|client| *client == record.client)
                && filter.state.is_none_or(|state| state == record.state(session_end.as_ref(), now))
                && search.matches(record.user, &record.origin)
        };
        let from = filter.created_after.map(TokenId::least_of);
        let mut filling = Filling::new(page.limit, |listing: &TokenListing| listing.record.id);
        if filter.user.is_some() || filter.session.is_some() {
            let Some(user) = self.one_user(filter).await? else { return Ok(filling.end()) };
            let mut all = self.records.all(user).await?;
            all.tokens.retain(|token| {
                filter.session.is_none_or(|session| session == token.value.session)
                    && is_within(token.value.id, page.after, from)
            });
            all.tokens.sort_unstable_by_key(|token| Reverse(token.value.id));
            for token in all.tokens {
                let Some(session) = all.sessions.get(&token.value.session) else { continue };
                let listing = listing(&open, token.value, session.value.clone());
                let wanted = matches(&listing);
                if let Some(page) = filling.take(listing, wanted) {
                    return Ok(page);
                }
            }
            return Ok(filling.end());
        }
        let mut walk =
            Walk::new(&self.index, page.after.map(|id| *id.as_bytes()), from.map(|id| *id.as_bytes()));
        loop {
            let entries: Vec<TokenEntry> = walk.next(filling.wanted()).await?;
            if entries.is_empty() {
                return Ok(filling.end());
            }
            let records = entries.iter().map(|entry| self.records.token(entry.user, entry.session, entry.id));
            for (token, session) in try_join_all(records).await?.into_iter().flatten() {
                let listing = listing(&open, token.value, session.value);
                let wanted = matches(&listing);
                if let Some(page) = filling.take(listing, wanted) {
                    return Ok(page);
                }
            }
        }
    }

    /// The one user whose tokens are asked for, if it is anybody's.
    async fn one_user(&self, filter: &TokenFilter) -> StoreResult<Option<UserId>> {
        let Some(session) = filter.session else { return Ok(filter.user) };
        let found = self.user_of(session).await?;
        Ok(found.filter(|found| filter.user.is_none_or(|user| user == *found)))
    }
}

/// Whether an id is older than the cursor, and not older than the bound.
fn is_within<C: Ord + Copy>(id: C, after: Option<C>, from: Option<C>) -> bool {
    after.is_none_or(|after| id < after) && from.is_none_or(|from| id >= from)
}
