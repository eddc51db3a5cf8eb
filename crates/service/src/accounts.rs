//! The copies of accounts that are kept in memory: every client, and the users that were asked for lately.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use counterfoil_core::account::{Client, ClientKind, User};
use counterfoil_core::port::AccountChange;
use counterfoil_core::{ClientId, UserCard, UserId};
use quick_cache::sync::Cache;

use crate::{Authority, Error};

/// What checks need to know of a user. The password's hash is not among it.
#[derive(Clone, Debug)]
pub(crate) struct KnownUser {
    /// Shared by every principal of theirs.
    pub(crate) card: Arc<UserCard>,
    /// May not log in, and is let in nowhere.
    pub(crate) disabled: bool,
}

impl From<User> for KnownUser {
    fn from(user: User) -> Self {
        Self { card: Arc::new(user.card()), disabled: user.disabled_at.is_some() }
    }
}

/// The copies.
pub(crate) struct Accounts {
    clients: RwLock<Arc<HashMap<ClientId, Arc<Client>>>>,
    users: Cache<UserId, KnownUser>,
    /// Raised before copies are dropped. A copy that was taken while it stood is good.
    dropping: AtomicU64,
    /// The number of the newest change that was applied. What was derived from copies is good while it stands.
    epoch: AtomicU64,
    following: tokio::sync::Mutex<()>,
}

impl Accounts {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            clients: RwLock::default(),
            users: Cache::new(capacity),
            dropping: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
            following: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    pub(crate) fn clients(&self) -> Arc<HashMap<ClientId, Arc<Client>>> {
        Arc::clone(&self.clients.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Authority {
    /// All clients, by id.
    #[must_use]
    pub fn clients(&self) -> Vec<Arc<Client>> {
        let mut clients: Vec<_> = self.0.accounts.clients().values().cloned().collect();
        clients.sort_by(|a, b| a.id.cmp(&b.id));
        clients
    }

    /// One client.
    ///
    /// # Errors
    /// [`Error::UnknownClient`] when there is none of that id.
    pub fn client(&self, id: &ClientId) -> Result<Arc<Client>, Error> {
        let clients = self.0.accounts.clients.read().unwrap_or_else(PoisonError::into_inner);
        clients.get(id).cloned().ok_or(Error::UnknownClient)
    }

    /// The client that users log in through, by the name given, or the built-in one.
    pub(crate) fn application(&self, id: Option<&str>) -> Result<Arc<Client>, Error> {
        let id = match id {
            None => ClientId::default_client(),
            Some(text) => text.parse().map_err(|_| Error::UnknownClient)?,
        };
        let client = self.client(&id)?;
        if client.kind == ClientKind::Application { Ok(client) } else { Err(Error::NotAnApplication) }
    }

    /// A user, from memory where there is a copy.
    pub(crate) async fn known_user(&self, id: UserId) -> Result<Option<KnownUser>, Error> {
        if let Some(user) = self.0.accounts.users.get(&id) {
            return Ok(Some(user));
        }
        let dropping = self.0.accounts.dropping.load(Ordering::Acquire);
        let user = self.0.stores.accounts.user(id).await?.map(KnownUser::from);
        if let Some(user) = &user {
            self.0.accounts.users.insert(id, user.clone());
            // A change that came in between may have found no copy to drop.
            if self.0.accounts.dropping.load(Ordering::Acquire) != dropping {
                self.0.accounts.users.remove(&id);
            }
        }
        Ok(user)
    }

    /// Loads all clients, and begins to count changes.
    pub(crate) async fn load_accounts(&self) -> Result<(), Error> {
        let head = self.0.stores.accounts.change_head().await?;
        self.load_clients().await?;
        self.0.accounts.epoch.store(head, Ordering::Release);
        Ok(())
    }

    async fn load_clients(&self) -> Result<(), Error> {
        let clients = self.0.stores.accounts.clients().await?;
        let by_id = clients.into_iter().map(|client| (client.id.clone(), Arc::new(client))).collect();
        *self.0.accounts.clients.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(by_id);
        Ok(())
    }

    /// Applies the changes of accounts that this node or another made.
    pub(crate) async fn follow_accounts(&self) -> Result<(), Error> {
        let _one_at_a_time = self.0.accounts.following.lock().await;
        let accounts = &self.0.accounts;
        let head = self.0.stores.accounts.change_head().await?;
        if head == accounts.epoch() {
            return Ok(());
        }
        accounts.dropping.fetch_add(1, Ordering::AcqRel);
        let (mut clients, mut keys) = (false, false);
        let mut reached = accounts.epoch();
        while reached < head {
            match self.0.stores.accounts.changes_after(reached).await? {
                Some(changes) => {
                    let Some((last, _)) = changes.last() else { break };
                    reached = *last;
                    for (_, change) in changes {
                        match change {
                            AccountChange::User(id) => drop(accounts.users.remove(&id)),
                            AccountChange::Client(_) => clients = true,
                            AccountChange::Keys => keys = true,
                        }
                    }
                }
                None => {
                    accounts.users.clear();
                    (clients, keys) = (true, true);
                    reached = head;
                }
            }
        }
        if clients {
            self.load_clients().await?;
        }
        if keys {
            self.load_keys().await?;
        }
        accounts.epoch.store(reached.max(head), Ordering::Release);
        Ok(())
    }
}
