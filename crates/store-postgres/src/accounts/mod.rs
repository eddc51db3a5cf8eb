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

use crate::PostgresStore;

#[async_trait]
impl AccountStore for PostgresStore {
    async fn install(&self, value: Installation) -> StoreResult<Installation> {
        self.carry_out(|| installation::install(&self.pool, &value)).await
    }

    async fn change_issuer(&self, issuer: &str) -> StoreResult<()> {
        self.carry_out(|| installation::change_issuer(&self.pool, issuer)).await
    }

    async fn create_user(&self, user: User) -> StoreResult<Result<(), EmailTaken>> {
        self.carry_out(|| users::create(&self.pool, &user)).await
    }

    async fn user(&self, id: UserId) -> StoreResult<Option<User>> {
        self.carry_out(|| users::by_id(&self.pool, id)).await
    }

    async fn user_by_email(&self, email: &Email) -> StoreResult<Option<User>> {
        self.carry_out(|| users::by_email(&self.pool, email)).await
    }

    async fn change_user(&self, id: UserId, change: UserChange, now: Timestamp) -> StoreResult<Option<User>> {
        self.carry_out(|| users::change(&self.pool, id, &change, now)).await
    }

    async fn users(&self, filter: &UserFilter, page: PageRequest<UserId>) -> StoreResult<Page<User, UserId>> {
        self.carry_out(|| users::list(&self.pool, filter, page)).await
    }

    async fn create_client(&self, client: Client) -> StoreResult<bool> {
        self.carry_out(|| clients::create(&self.pool, &client)).await
    }

    async fn clients(&self) -> StoreResult<Vec<Client>> {
        self.carry_out(|| clients::all(&self.pool)).await
    }

    async fn replace_client(&self, expected: &Client, replacement: Client) -> StoreResult<bool> {
        self.carry_out(|| clients::replace(&self.pool, expected, &replacement)).await
    }

    async fn delete_client(&self, id: &ClientId) -> StoreResult<bool> {
        self.carry_out(|| clients::delete(&self.pool, id)).await
    }

    async fn signing_keys(&self) -> StoreResult<Vec<StoredKey>> {
        self.carry_out(|| async { keys::all(&self.pool.get().await?).await }).await
    }

    async fn change_signing_keys(&self, transition: KeyTransition) -> StoreResult<bool> {
        self.carry_out(|| keys::change(&self.pool, &transition)).await
    }

    async fn put_setup_link(&self, digest: Digest, expires_at: Timestamp) -> StoreResult<()> {
        self.carry_out(|| setup_link::put(&self.pool, digest, expires_at)).await
    }

    async fn has_setup_link(&self, digest: Digest, now: Timestamp) -> StoreResult<bool> {
        self.carry_out(|| setup_link::is_good(&self.pool, digest, now)).await
    }

    async fn take_setup_link(&self, digest: Digest, now: Timestamp) -> StoreResult<bool> {
        self.carry_out(|| setup_link::take(&self.pool, digest, now)).await
    }

    async fn append_audit(&self, event: Event) -> StoreResult<()> {
        self.carry_out(|| audit::append(&self.pool, &event)).await
    }

    async fn audit(&self, filter: &AuditFilter, page: PageRequest<u64>) -> StoreResult<Page<Entry, u64>> {
        self.carry_out(|| audit::list(&self.pool, filter, page)).await
    }

    async fn trim_audit(&self, before: Timestamp, limit: u32) -> StoreResult<u32> {
        self.carry_out(|| audit::trim(&self.pool, before, limit)).await
    }

    async fn change_head(&self) -> StoreResult<u64> {
        self.carry_out(|| changes::head(&self.pool)).await
    }

    async fn changes_after(&self, sequence: u64) -> StoreResult<Option<Vec<(u64, AccountChange)>>> {
        self.carry_out(|| changes::after(&self.pool, sequence)).await
    }

    async fn wait_for_change(&self, sequence: u64) -> StoreResult<()> {
        self.wait(&self.moved.accounts, sequence, || changes::head(&self.pool)).await
    }
}
