//! Looking up one session or token by its id.

use counterfoil_core::port::{StoreResult, TokenListing};
use counterfoil_core::session::Session;
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{SessionId, TokenId, UserId};
use futures_util::future::try_join;

use super::standing::with_open;
use crate::RedisStore;
use crate::feed::Open;
use crate::index::{SessionEntry, TokenEntry};

impl RedisStore {
    /// Whose a session is, by what is kept in mind or by the index.
    pub(super) async fn user_of(&self, id: SessionId) -> StoreResult<Option<UserId>> {
        if let Some(user) = self.users.get(&id) {
            return Ok(Some(user));
        }
        let found = self.index.find::<SessionEntry>(*id.as_bytes()).await?.map(|entry| entry.user);
        if let Some(user) = found {
            self.users.insert(id, user);
        }
        Ok(found)
    }

    /// Whose a token is, by what is kept in mind or by the index.
    pub(super) async fn owner_of(&self, id: TokenId) -> StoreResult<Option<TokenEntry>> {
        if let Some(entry) = self.tokens.get(&id) {
            return Ok(Some(entry));
        }
        let found = self.index.find::<TokenEntry>(*id.as_bytes()).await?;
        if let Some(entry) = found {
            self.tokens.insert(id, entry);
        }
        Ok(found)
    }

    pub(super) async fn read_session(&self, id: SessionId) -> StoreResult<Option<Session>> {
        let Some(user) = self.user_of(id).await? else { return Ok(None) };
        // The markers are asked for first: see there.
        let (open, found) = try_join(self.feed.open(), self.records.session(user, id)).await?;
        Ok(found.map(|stored| with_open(&open, stored.value)))
    }

    pub(super) async fn read_token(&self, id: TokenId) -> StoreResult<Option<TokenListing>> {
        let Some(entry) = self.owner_of(id).await? else { return Ok(None) };
        let record = self.records.token(entry.user, entry.session, id);
        let (open, found) = try_join(self.feed.open(), record).await?;
        Ok(found.map(|(token, session)| listing(&open, token.value, session.value)))
    }
}

/// A token with what its session says about it.
pub(super) fn listing(open: &[Open], record: TokenRecord, session: Session) -> TokenListing {
    let session = with_open(open, session);
    TokenListing { record, generation: session.generation, session_end: session.ended }
}
