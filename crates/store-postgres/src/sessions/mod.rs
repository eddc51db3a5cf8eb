//! The sessions port.

mod count;
mod create;
mod feed;
mod list;
mod record;
mod refresh;
mod revoke;
mod sql;
mod sweep;
mod tokens;
mod touch;

use async_trait::async_trait;
use counterfoil_core::port::{
    Counts, Created, Ended, RefreshOutcome, Revocation, Revoke, RotateRefresh, RotateSecret, SessionFilter,
    SessionStore, StoreResult, Swept, TokenFilter, TokenListing,
};
use counterfoil_core::revocation::{FeedHead, Marker, Plan, Selection, Snapshot, Subject};
use counterfoil_core::session::{End, Session};
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{Page, PageRequest, SessionId, Timestamp, TokenId};

use crate::PostgresStore;

#[async_trait]
impl SessionStore for PostgresStore {
    async fn create(&self, session: Session, token: Option<TokenRecord>) -> StoreResult<Created> {
        self.carry_out(|| create::create(&self.pool, &session, token.as_ref())).await
    }

    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>> {
        self.carry_out(|| async { record::by_id(&self.pool.get().await?, id).await }).await
    }

    async fn rotate_refresh(&self, command: RotateRefresh) -> StoreResult<RefreshOutcome> {
        self.carry_out(|| refresh::rotate(&self.pool, &command)).await
    }

    async fn rotate_secret(&self, command: RotateSecret) -> StoreResult<Option<Session>> {
        self.carry_out(|| touch::rotate_secret(&self.pool, command)).await
    }

    async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> StoreResult<()> {
        self.carry_out(|| touch::touch(&self.pool, seen)).await
    }

    async fn supersede(&self, session: SessionId, end: End) -> StoreResult<Ended> {
        self.carry_out(|| touch::supersede(&self.pool, session, &end)).await
    }

    async fn revoke(&self, command: Revoke) -> StoreResult<Revocation> {
        match command.selection.plan() {
            Plan::Mark(Subject::Client { .. } | Subject::All | Subject::BegunBefore { .. }) => {
                self.carry_out_within(count::PATIENCE, || count::revoke_many(&self.pool, &command)).await
            }
            _ => self.carry_out(|| revoke::revoke(&self.pool, &command)).await,
        }
    }

    async fn count(&self, selection: &Selection, now: Timestamp) -> StoreResult<Counts> {
        self.carry_out_within(count::PATIENCE, || count::count(&self.pool, selection, now)).await
    }

    async fn sessions(
        &self,
        filter: &SessionFilter,
        page: PageRequest<SessionId>,
        now: Timestamp,
    ) -> StoreResult<Page<Session, SessionId>> {
        self.carry_out(|| list::sessions(&self.pool, filter, page, now)).await
    }

    async fn token(&self, id: TokenId) -> StoreResult<Option<TokenListing>> {
        self.carry_out(|| async { tokens::by_id(&self.pool.get().await?, id).await }).await
    }

    async fn tokens(
        &self,
        filter: &TokenFilter,
        page: PageRequest<TokenId>,
        now: Timestamp,
    ) -> StoreResult<Page<TokenListing, TokenId>> {
        self.carry_out(|| list::tokens(&self.pool, filter, page, now)).await
    }

    async fn feed_head(&self) -> StoreResult<FeedHead> {
        self.carry_out(|| async { feed::head(&self.pool.get().await?).await }).await
    }

    async fn markers_after(&self, sequence: u64, limit: u32) -> StoreResult<Vec<Marker>> {
        self.carry_out(|| async { feed::after(&self.pool.get().await?, sequence, limit).await }).await
    }

    async fn begin_anew(&self, found: FeedHead, above: u64, end: End) -> StoreResult<FeedHead> {
        self.carry_out(|| async { feed::begin_anew(&self.pool.get().await?, found, above, &end).await }).await
    }

    async fn snapshot(&self, now: Timestamp) -> StoreResult<Snapshot> {
        self.carry_out(|| async { feed::snapshot(&self.pool.get().await?, now).await }).await
    }

    async fn wait_beyond(&self, sequence: u64) -> StoreResult<()> {
        let head = || async { Ok(feed::head(&self.pool.get().await?).await?.sequence) };
        self.wait(&self.moved.feed, sequence, head).await
    }

    async fn sweep(&self, now: Timestamp, keep_after: Timestamp, limit: u32) -> StoreResult<Swept> {
        self.carry_out(|| sweep::sweep(&self.pool, now, keep_after, limit)).await
    }
}
