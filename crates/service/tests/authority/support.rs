//! An authority in a folder of its own, and what its tests do over and over.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use counterfoil_core::account::{ClientChange, Lifetimes, User};
use counterfoil_core::audit::Actor;
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::Origin;
use counterfoil_core::{Clock, Mode, Timestamp};
use counterfoil_service::{
    AccessToken, Authority, By, Caller, Error, HashingSettings, MasterKey, NewClient, NewUser, Presented,
    RevocationReport, RevokeRequest, Settings, SignIn, SignedIn, Stores, SystemEntropy,
};
use counterfoil_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;
use zeroize::Zeroizing;

pub const PASSWORD: &str = "correct horse battery";

/// A clock that stands still until it is moved.
pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn forward(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// An authority with a user `ann@example.test` and a client for each mode, named after it.
pub struct House {
    pub authority: Authority,
    pub clock: Arc<HandClock>,
    pub store: Arc<SqliteStore>,
    pub user: User,
    pub settings: Settings,
    pub master: MasterKey,
    folder: TempDir,
}

impl Deref for House {
    type Target = Authority;

    fn deref(&self) -> &Authority {
        &self.authority
    }
}

pub fn settings() -> Settings {
    let hashing = HashingSettings { memory_kib: 64, iterations: 1, parallelism: 1, workers: 2, queue: 64 };
    Settings { hashing, ..Settings::default() }
}

pub fn lifetimes() -> Lifetimes {
    Lifetimes {
        idle: minutes(30),
        absolute: minutes(240),
        access: minutes(10),
        refresh: minutes(60),
        refresh_window: Duration::from_secs(30),
    }
}

pub fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

pub fn by() -> By {
    By { actor: Actor::CommandLine, address: None }
}

impl House {
    pub async fn new() -> Self {
        Self::with(settings()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("test.db"), SqliteOptions::default()).unwrap();
        let store = Arc::new(store);
        let clock = Arc::new(HandClock(AtomicI64::new(1_795_442_400_000)));
        let master = MasterKey::generate(&SystemEntropy);
        let authority = open(&store, &settings, &master, &clock).await.unwrap();
        for mode in Mode::ALL {
            let change =
                ClientChange { mode: Some(mode), lifetimes: Some(lifetimes()), ..ClientChange::default() };
            let id = Some(mode.as_str().parse().unwrap());
            authority
                .add_client(NewClient { id, name: mode.to_string(), service: false, change }, &by())
                .await
                .unwrap();
        }
        let new = NewUser {
            email: "ann@example.test".to_owned(),
            password: Some(Zeroizing::new(PASSWORD.to_owned())),
            name: Some("Ann".to_owned()),
            admin: false,
        };
        let user = authority.add_user(new, &by()).await.unwrap();
        Self { authority, clock, store, user, settings, master, folder }
    }

    /// A second authority on the same store, as another process would be.
    pub async fn another(&self, settings: Settings) -> Result<Authority, Error> {
        open(&self.store, &settings, &self.master, &self.clock).await
    }

    pub async fn log_in(&self, client: &str) -> SignedIn {
        self.try_log_in(client, PASSWORD).await.unwrap()
    }

    pub async fn try_log_in(&self, client: &str, password: &str) -> Result<SignedIn, Error> {
        let sign_in = SignIn { email: "ann@example.test", password, client: Some(client), replaces: None };
        self.sign_in(sign_in, &Origin::default()).await
    }

    pub async fn cookie(&self) -> String {
        let SignedIn::Cookie { cookie, .. } = self.log_in("cookie").await else { panic!("a cookie") };
        cookie.value.to_string()
    }

    pub async fn recorded(&self) -> (AccessToken, String) {
        let SignedIn::Recorded { access, refresh_token, .. } = self.log_in("recorded").await else {
            panic!("tokens")
        };
        (access, refresh_token.to_string())
    }

    pub async fn stateless(&self) -> AccessToken {
        let SignedIn::Jwt(access) = self.log_in("jwt").await else { panic!("a token") };
        access
    }

    /// Passes time in steps, the view being confirmed after each as a running follower would.
    pub async fn pass(&self, duration: Duration) {
        self.clock.forward(duration);
        self.synchronise().await.unwrap();
    }

    pub fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn check_cookie(&self, cookie: &str) -> Result<Caller, Error> {
        self.check(Presented::Cookie(cookie)).await
    }

    pub async fn check_bearer(&self, token: &str) -> Result<Caller, Error> {
        self.check(Presented::Bearer(token)).await
    }

    /// A copy of the store as it is now.
    pub fn copy_store(&self, path: &std::path::Path) {
        let connection = rusqlite::Connection::open(self.folder.path().join("test.db")).unwrap();
        connection.execute("VACUUM INTO ?", [path.to_str().unwrap()]).unwrap();
    }

    /// The store as it was, under the authority that goes on.
    pub async fn put_store_back(&self, copy: &std::path::Path) {
        let mut target = rusqlite::Connection::open(self.folder.path().join("test.db")).unwrap();
        let source = rusqlite::Connection::open(copy).unwrap();
        let backup = rusqlite::backup::Backup::new(&source, &mut target).unwrap();
        backup.run_to_completion(1000, Duration::ZERO, None).unwrap();
        drop(backup);
        self.synchronise().await.unwrap();
    }

    pub async fn revoke_selection(&self, selection: Selection) -> RevocationReport {
        self.revoke(RevokeRequest { selection, note: None, dry_run: false }, &by()).await.unwrap()
    }
}

async fn open(
    store: &Arc<SqliteStore>,
    settings: &Settings,
    master: &MasterKey,
    clock: &Arc<HandClock>,
) -> Result<Authority, Error> {
    let stores = Stores { accounts: Arc::clone(store) as _, sessions: Arc::clone(store) as _ };
    Authority::open(stores, settings.clone(), master, Arc::clone(clock) as _, Arc::new(SystemEntropy)).await
}
