//! The accounts port.

mod audit;
mod changes;
mod clients;
mod installation;
mod keys;
mod setup_link;
mod users;

use async_trait::async_trait;
use counterfoil_core::account::{Client, Email, Installation, StoredKey, User, UserChange};
use counterfoil_core::audit::{Entry, Event};
use counterfoil_core::port::{
    AccountChange, AccountStore, AuditFilter, EmailTaken, KeyTransition, StoreResult, UserFilter,
};
use counterfoil_core::{ClientId, Digest, Page, PageRequest, Timestamp, UserId};

use crate::SqliteStore;
use crate::error::closed;

#[async_trait]
impl AccountStore for SqliteStore {
    async fn install(&self, value: Installation) -> StoreResult<Installation> {
        self.writer.run(move |transaction| installation::install(transaction, &value)).await
    }

    async fn change_issuer(&self, issuer: &str) -> StoreResult<()> {
        let issuer = issuer.to_owned();
        self.writer.run(move |transaction| installation::change_issuer(transaction, &issuer)).await
    }

    async fn create_user(&self, user: User) -> StoreResult<Result<(), EmailTaken>> {
        self.writer.run(move |transaction| users::create(transaction, &user)).await
    }

    async fn user(&self, id: UserId) -> StoreResult<Option<User>> {
        self.readers.read(|connection| users::by_id(connection, id))
    }

    async fn user_by_email(&self, email: &Email) -> StoreResult<Option<User>> {
        self.readers.read(|connection| users::by_email(connection, email))
    }

    async fn change_user(&self, id: UserId, change: UserChange, now: Timestamp) -> StoreResult<Option<User>> {
        self.writer.run(move |transaction| users::change(transaction, id, &change, now)).await
    }

    async fn users(&self, filter: &UserFilter, page: PageRequest<UserId>) -> StoreResult<Page<User, UserId>> {
        let filter = filter.clone();
        self.readers.read_long(move |connection| users::list(connection, &filter, page)).await
    }

    async fn create_client(&self, client: Client) -> StoreResult<bool> {
        self.writer.run(move |transaction| clients::create(transaction, &client)).await
    }

    async fn clients(&self) -> StoreResult<Vec<Client>> {
        self.readers.read_long(clients::all).await
    }

    async fn replace_client(&self, expected: &Client, replacement: Client) -> StoreResult<bool> {
        let expected = expected.clone();
        self.writer.run(move |transaction| clients::replace(transaction, &expected, &replacement)).await
    }

    async fn delete_client(&self, id: &ClientId) -> StoreResult<bool> {
        let id = id.clone();
        self.writer.run(move |transaction| clients::delete(transaction, &id)).await
    }

    async fn signing_keys(&self) -> StoreResult<Vec<StoredKey>> {
        self.readers.read_long(keys::all).await
    }

    async fn change_signing_keys(&self, transition: KeyTransition) -> StoreResult<bool> {
        self.writer.run(move |transaction| keys::change(transaction, &transition)).await
    }

    async fn put_setup_link(&self, digest: Digest, expires_at: Timestamp) -> StoreResult<()> {
        self.writer.run(move |transaction| setup_link::put(transaction, digest, expires_at)).await
    }

    async fn has_setup_link(&self, digest: Digest, now: Timestamp) -> StoreResult<bool> {
        self.readers.read(|connection| setup_link::is_good(connection, digest, now))
    }

    async fn take_setup_link(&self, digest: Digest, now: Timestamp) -> StoreResult<bool> {
        self.writer.run(move |transaction| setup_link::take(transaction, digest, now)).await
    }

    async fn append_audit(&self, event: Event) -> StoreResult<()> {
        self.writer.run(move |transaction| audit::append(transaction, &event)).await
    }

    async fn audit(&self, filter: &AuditFilter, page: PageRequest<u64>) -> StoreResult<Page<Entry, u64>> {
        let filter = filter.clone();
        self.readers.read_long(move |connection| audit::list(connection, &filter, page)).await
    }

    async fn trim_audit(&self, before: Timestamp, limit: u32) -> StoreResult<u32> {
        if !self.readers.read(|connection| audit::is_due(connection, before))? {
            return Ok(0);
        }
        self.writer.run(move |transaction| audit::trim(transaction, before, limit)).await
    }

    async fn change_head(&self) -> StoreResult<u64> {
        self.readers.read(changes::head)
    }

    async fn changes_after(&self, sequence: u64) -> StoreResult<Option<Vec<(u64, AccountChange)>>> {
        self.readers.read(|connection| changes::after(connection, sequence))
    }

    async fn wait_for_change(&self, sequence: u64) -> StoreResult<()> {
        let mut moved = self.moved.accounts.subscribe();
        moved.mark_unchanged();
        if self.readers.read(changes::head)? != sequence {
            return Ok(());
        }
        moved.changed().await.map_err(|_| closed())
    }
}
