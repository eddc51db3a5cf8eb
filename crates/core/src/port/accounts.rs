//! The accounts port: users, clients, signing keys, the installation, the audit log.

use async_trait::async_trait;

use super::StoreResult;
use crate::account::{Client, Email, Installation, StoredKey, User, UserChange};
use crate::audit::{Entry, Event};
use crate::{ClientId, Digest, Page, PageRequest, Timestamp, UserId};

/// The address belongs to another user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmailTaken;

/// Which users are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Whose address or name contains this, whatever the case.
    pub text: Option<String>,
    /// Only administrators, or only others.
    pub admin: Option<bool>,
    /// Only disabled ones, or only others.
    pub disabled: Option<bool>,
}

/// Which audit entries are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By this actor, in its text form.
    pub actor: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// To this target.
    pub target: Option<String>,
    /// Not before this instant.
    pub since: Option<Timestamp>,
}

/// A change of the set of signing keys, made as a whole or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyTransition {
    /// The keys that must be there, with their states, for the change to be made: what the caller decided upon.
    pub expected: Vec<StoredKey>,
    /// The keys that are there afterwards.
    pub replacement: Vec<StoredKey>,
}

/// What changed, for whoever holds copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// A user.
    User(UserId),
    /// A client.
    Client(ClientId),
    /// The signing keys.
    Keys,
}

/// A store of accounts. The rules of [the module](super) hold.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Fixes an installation's values if there are none yet, and returns those that hold.
    async fn install(&self, installation: Installation) -> StoreResult<Installation>;

    /// Replaces the issuer, for an operator who moves an installation and accepts that every token dies.
    async fn change_issuer(&self, issuer: &str) -> StoreResult<()>;

    /// Adds a user, unless the address is taken.
    async fn create_user(&self, user: User) -> StoreResult<Result<(), EmailTaken>>;

    /// The user of that id.
    async fn user(&self, id: UserId) -> StoreResult<Option<User>>;

    /// The user of that address.
    async fn user_by_email(&self, email: &Email) -> StoreResult<Option<User>>;

    /// Changes a user and returns what it is then; `None` when there is no such user, or a
    /// [`UserChange::Rehash`] found another hash.
    async fn change_user(&self, id: UserId, change: UserChange, now: Timestamp) -> StoreResult<Option<User>>;

    /// A page of users, newest first.
    async fn users(&self, filter: &UserFilter, page: PageRequest<UserId>) -> StoreResult<Page<User, UserId>>;

    /// Adds a client; `false` when the id is taken.
    async fn create_client(&self, client: Client) -> StoreResult<bool>;

    /// All clients, by id. There are few: every node keeps them in memory.
    async fn clients(&self) -> StoreResult<Vec<Client>>;

    /// Replaces a client if it is still as `expected`; `false` when it is not.
    async fn replace_client(&self, expected: &Client, replacement: Client) -> StoreResult<bool>;

    /// Removes a client; `false` when there is none.
    async fn delete_client(&self, id: &ClientId) -> StoreResult<bool>;

    /// All signing keys, oldest first.
    async fn signing_keys(&self) -> StoreResult<Vec<StoredKey>>;

    /// Replaces the signing keys if they are still as expected; `false` when another node was faster.
    async fn change_signing_keys(&self, transition: KeyTransition) -> StoreResult<bool>;

    /// Keeps the digest of a set-up link's secret, in place of any before it.
    async fn put_setup_link(&self, digest: Digest, expires_at: Timestamp) -> StoreResult<()>;

    /// Whether the digest is that of the set-up link, and it has not expired.
    async fn has_setup_link(&self, digest: Digest, now: Timestamp) -> StoreResult<bool>;

    /// Uses the set-up link up: `true` for exactly one caller, if [`Self::has_setup_link`] was true.
    async fn take_setup_link(&self, digest: Digest, now: Timestamp) -> StoreResult<bool>;

    /// Appends to the audit log.
    async fn append_audit(&self, event: Event) -> StoreResult<()>;

    /// A page of the audit log, newest first.
    async fn audit(&self, filter: &AuditFilter, page: PageRequest<u64>) -> StoreResult<Page<Entry, u64>>;

    /// Removes audit entries older than `before`, at most `limit`; returns how many.
    async fn trim_audit(&self, before: Timestamp, limit: u32) -> StoreResult<u32>;

    /// The number of the newest change of a user, client or key. Numbers rise with every change, on any node.
    async fn change_head(&self) -> StoreResult<u64>;

    /// The changes after `sequence`, oldest first, at most 1,000, each with its number; `None` when some of them were
    /// forgotten and the caller must drop all its copies. Creation of a user is no change: nobody has a copy yet.
    async fn changes_after(&self, sequence: u64) -> StoreResult<Option<Vec<(u64, AccountChange)>>>;

    /// Returns when [`Self::change_head`] may have moved past `sequence`, from this process or another. May return early,
    /// and returns at once if it has moved already. An error means that changes may be missed until the next success.
    async fn wait_for_change(&self, sequence: u64) -> StoreResult<()>;
}
