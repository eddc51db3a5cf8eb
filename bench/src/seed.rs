//! Sessions by the million, put into a store as the server would put them.

use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::account::KeyAlgorithm;
use counterfoil_core::port::SessionStore;
use counterfoil_core::session::{Credential, Origin, RefreshState, Session};
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{ClientId, Clock, Digest, SessionId, Timestamp, TokenId, UserId};
use counterfoil_service::{SystemClock, SystemEntropy};
use counterfoil_store_sqlite::{Durability, SqliteOptions, SqliteStore};

/// Sessions of one user.
pub(crate) const OF_ONE_USER: usize = 4;

/// Opens a store for seeding and reading: not synced at every commit, since a benchmark's data may be lost.
pub(crate) fn open(path: &std::path::Path) -> anyhow::Result<Arc<SqliteStore>> {
    let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
    Ok(Arc::new(SqliteStore::open(path, options)?))
}

/// Adds so many cookie sessions, and returns some of them with their users.
pub(crate) async fn sessions(
    store: &Arc<SqliteStore>,
    count: usize,
) -> anyhow::Result<Vec<(SessionId, UserId)>> {
    let mut some = Vec::new();
    let mut pending = tokio::task::JoinSet::new();
    let mut user = UserId::generate(&SystemClock, &SystemEntropy);
    for number in 0..count {
        if number % OF_ONE_USER == 0 {
            user = UserId::generate(&SystemClock, &SystemEntropy);
        }
        let session = session(user, SystemClock.now());
        if number % (count / 500).max(1) == 0 {
            some.push((session.id, user));
        }
        let store = Arc::clone(store);
        pending.spawn(async move { store.create(session, None).await });
        while pending.len() >= 512 {
            if let Some(done) = pending.join_next().await {
                done??;
            }
        }
    }
    while let Some(done) = pending.join_next().await {
        done??;
    }
    Ok(some)
}

/// Adds so many recorded sessions, each with its first token, begun over the last day.
pub(crate) async fn recorded<S: SessionStore + 'static>(store: &Arc<S>, count: usize) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let mut pending = tokio::task::JoinSet::new();
    let mut user = UserId::generate(&SystemClock, &SystemEntropy);
    for number in 0..count {
        if number % OF_ONE_USER == 0 {
            user = UserId::generate(&SystemClock, &SystemEntropy);
        }
        let ago = Duration::from_secs(86_400) * u32::try_from(count - number)? / u32::try_from(count)?;
        let begun = At(now - ago);
        let session = Session { id: SessionId::generate(&begun, &SystemEntropy), ..session(user, now) };
        let (session, token) = with_token(session, TokenId::generate(&begun, &SystemEntropy), now);
        let store = Arc::clone(store);
        pending.spawn(async move { store.create(session, Some(token)).await });
        while pending.len() >= 256 {
            if let Some(done) = pending.join_next().await {
                done??;
            }
        }
    }
    while let Some(done) = pending.join_next().await {
        done??;
    }
    Ok(())
}

/// A clock that stands.
struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn with_token(session: Session, id: TokenId, now: Timestamp) -> (Session, TokenRecord) {
    let expires_at = now + Duration::from_secs(900);
    let claims = format!(
        r#"{{"iss":"https://id.example.test","sub":"{}","aud":"app","client_id":"{}","iat":{},"exp":{},"jti":"{id}","sid":"{}","auth_time":{},"amr":["pwd"],"acr":"aal1","gen":0}}"#,
        session.user,
        session.client,
        now.seconds(),
        expires_at.seconds(),
        session.id,
        now.seconds()
    );
    let token = TokenRecord {
        id,
        session: session.id,
        user: session.user,
        client: session.client.clone(),
        issued_at: now,
        expires_at,
        algorithm: KeyAlgorithm::Es256,
        key_id: "Iak_UGgB4W5Pbuu7kEvkKo0WvJ4pcyTjiu4bZ2nvGHc".into(),
        claims: claims.into(),
        digest: Digest::new([9; 32]),
        origin: session.origin.clone(),
        revoked: None,
    };
    let state = RefreshState {
        counter: 0,
        rotated_at: now,
        window: Duration::from_secs(30),
        token: id,
        tokens_until: expires_at,
    };
    (Session { credential: Credential::Recorded(state), generation: 0, ..session }, token)
}

fn session(user: UserId, now: Timestamp) -> Session {
    let id = SessionId::generate(&SystemClock, &SystemEntropy);
    Session {
        id,
        user,
        client: ClientId::default_client(),
        auth_time: now,
        origin: Origin::new(
            Some([192, 0, 2, 1].into()),
            Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101"),
        ),
        generation: u64::MAX >> 1,
        last_seen_at: now,
        idle_timeout: Duration::from_secs(86_400),
        expires_at: now + Duration::from_secs(30 * 86_400),
        credential: Credential::Cookie { secret: Digest::new([7; 32]), previous: None },
        ended: None,
    }
}
