//! Adding a session: the only command that does.

use counterfoil_core::port::{Created, StoreResult};
use counterfoil_core::session::Session;
use counterfoil_core::token::TokenRecord;
use futures_util::future::{try_join, try_join3};

use crate::RedisStore;
use crate::error::corrupt;
use crate::index::{SessionEntry, TokenEntry};
use crate::records::{Change, ttl};

impl RedisStore {
    /// Writes first and looks at the feed afterwards. A revocation does it the other way round: it appends its marker first,
    /// and looks for records afterwards. So whichever is first, either the log-in sees the marker here, and takes back what
    /// it wrote, or the revocation finds the record; the two need not be atomic together, and are in different hash slots.
    pub(super) async fn create_session(
        &self,
        session: &Session,
        token: Option<&TokenRecord>,
    ) -> StoreResult<Created> {
        let entry = SessionEntry { id: session.id, user: session.user };
        let token_entry = token.map(token_entry);
        let ttl = ttl(session.expires_at, session.id.created_at());
        let mut changes = vec![Change::session(None, session)];
        changes.extend(token.map(|token| Change::token(None, token, session)));
        let ((), (), stored) = try_join3(
            self.index.enter(&entry, session.over_at(), ttl),
            async {
                match (&token_entry, token) {
                    (Some(entry), Some(token)) => self.index.enter(entry, token.expires_at, ttl).await,
                    _ => Ok(()),
                }
            },
            self.records.swap(session.user, ttl, &changes),
        )
        .await?;
        if !stored {
            return Err(corrupt("a session of that id is there already"));
        }
        if self.feed.overtakes(session).await? {
            self.take_back(&entry, token_entry.as_ref()).await?;
            return Ok(Created::Overtaken);
        }
        self.users.insert(entry.id, entry.user);
        if let Some(entry) = token_entry {
            self.tokens.insert(entry.id, entry);
        }
        Ok(Created::Done)
    }

    /// Nobody was told of it: what it became meanwhile goes too.
    async fn take_back(&self, entry: &SessionEntry, token: Option<&TokenEntry>) -> StoreResult<()> {
        let tokens: Vec<_> = token.map(|token| token.id).into_iter().collect();
        try_join(
            try_join(
                self.records.remove_tokens(entry.user, &tokens),
                self.records.remove_session(entry.user, entry.id),
            ),
            try_join(
                self.index.remove(std::slice::from_ref(entry)),
                self.index.remove(token.map_or(&[], std::slice::from_ref)),
            ),
        )
        .await
        .map(drop)
    }
}

pub(super) fn token_entry(token: &TokenRecord) -> TokenEntry {
    TokenEntry { id: token.id, user: token.user, session: token.session }
}
