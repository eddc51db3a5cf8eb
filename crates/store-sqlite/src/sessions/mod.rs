//! The sessions port.

mod create;
mod feed;
mod list;
mod record;
mod refresh;
mod revoke;
mod sweep;
mod tokens;
mod touch;

use std::time::Duration;

use async_trait::async_trait;
use counterfoil_core::port::{
    Counts, Created, Ended, RefreshOutcome, Revocation, Revoke, RotateRefresh, RotateSecret, SessionFilter,
    SessionStore, StoreResult, Swept, TokenFilter, TokenListing,
};
use counterfoil_core::revocation::{FeedHead, Marker, Plan, Selection, Snapshot, Subject};
use counterfoil_core::session::{End, Session};
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{Page, PageRequest, SessionId, Timestamp, TokenId};

use tokio::sync::oneshot;

use crate::SqliteStore;
use crate::error::closed;

/// How long a wait for the feed takes at most, so that whoever follows knows that the store is there.
const WAIT: Duration = Duration::from_millis(400);

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create(&self, session: Session, token: Option<TokenRecord>) -> StoreResult<Created> {
        self.writer.run(move |transaction| create::create(transaction, &session, token.as_ref())).await
    }

    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>> {
        self.readers.read(|connection| record::by_id(connection, id))
    }

    async fn rotate_refresh(&self, command: RotateRefresh) -> StoreResult<RefreshOutcome> {
        self.writer.run(move |transaction| refresh::rotate(transaction, &command)).await
    }

    async fn rotate_secret(&self, command: RotateSecret) -> StoreResult<Option<Session>> {
        self.writer.run(move |transaction| touch::rotate_secret(transaction, command)).await
    }

    async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> StoreResult<()> {
        // In pieces, so that other commands get in between.
        for piece in seen.chunks(500) {
            let piece = piece.to_vec();
            self.writer.run(move |transaction| touch::touch(transaction, &piece)).await?;
        }
        Ok(())
    }

    async fn supersede(&self, session: SessionId, end: End) -> StoreResult<Ended> {
        self.writer.run(move |transaction| touch::supersede(transaction, session, &end)).await
    }

    async fn revoke(&self, command: Revoke) -> StoreResult<Revocation> {
        match command.selection.plan() {
            Plan::Mark(Subject::Client { .. } | Subject::All | Subject::BegunBefore { .. }) => {
                self.revoke_many(command).await
            }
            _ => self.writer.run(move |transaction| revoke::revoke(transaction, &command)).await,
        }
    }

    async fn count(&self, selection: &Selection, now: Timestamp) -> StoreResult<Counts> {
        let selection = selection.clone();
        self.readers.read_long(move |connection| revoke::count(connection, &selection, now)).await
    }

    async fn sessions(
        &self,
        filter: &SessionFilter,
        page: PageRequest<SessionId>,
        now: Timestamp,
    ) -> StoreResult<Page<Session, SessionId>> {
        let filter = filter.clone();
        self.readers.read_long(move |connection| list::sessions(connection, &filter, page, now)).await
    }

    async fn token(&self, id: TokenId) -> StoreResult<Option<TokenListing>> {
        self.readers.read(|connection| tokens::by_id(connection, id))
    }

    async fn tokens(
        &self,
        filter: &TokenFilter,
        page: PageRequest<TokenId>,
        now: Timestamp,
    ) -> StoreResult<Page<TokenListing, TokenId>> {
        let filter = filter.clone();
        self.readers.read_long(move |connection| list::tokens(connection, &filter, page, now)).await
    }

    async fn feed_head(&self) -> StoreResult<FeedHead> {
        self.readers.read(feed::head)
    }

    async fn markers_after(&self, sequence: u64, limit: u32) -> StoreResult<Vec<Marker>> {
        self.readers.read(|connection| feed::after(connection, sequence, limit))
    }

    async fn begin_anew(&self, found: FeedHead, above: u64, end: End) -> StoreResult<FeedHead> {
        self.writer.run(move |transaction| feed::begin_anew(transaction, found, above, &end)).await
    }

    async fn snapshot(&self, now: Timestamp) -> StoreResult<Snapshot> {
        self.readers.read_long(move |connection| feed::snapshot(connection, now)).await
    }

    async fn wait_beyond(&self, sequence: u64) -> StoreResult<()> {
        let mut moved = self.moved.feed.subscribe();
        moved.mark_unchanged();
        if self.readers.read(feed::head)?.sequence != sequence {
            return Ok(());
        }
        match tokio::time::timeout(WAIT, moved.changed()).await {
            Ok(changed) => changed.map_err(|_| closed()),
            Err(_) => Ok(()),
        }
    }

    async fn sweep(&self, now: Timestamp, keep_after: Timestamp, limit: u32) -> StoreResult<Swept> {
        if !self.readers.read(|connection| sweep::is_due(connection, now, keep_after))? {
            return Ok(Swept::default());
        }
        self.writer.run(move |transaction| sweep::sweep(transaction, now, keep_after, limit)).await
    }
}

impl SqliteStore {
    /// What may be much is counted beside the writer, as it was just before the marker. The marker waits for that moment
    /// to be held on to, and not for the count.
    async fn revoke_many(&self, command: Revoke) -> StoreResult<Revocation> {
        let (selection, now) = (command.selection.clone(), command.now);
        let (held, holds) = oneshot::channel();
        let count = self.readers.read_aside(move |connection| {
            let before = connection.unchecked_transaction()?;
            feed::head(&before)?;
            // Nobody listens any more when the call was given up.
            let _ = held.send(());
            revoke::count(&before, &selection, now)
        });
        let mark = async {
            // What could not be counted is revoked all the same.
            let _ = holds.await;
            self.writer.run(move |transaction| revoke::revoke(transaction, &command)).await
        };
        let (counts, marked) = tokio::join!(count, mark);
        Ok(Revocation { counts: counts?, ..marked? })
    }
}
