//! How much memory a session takes, and what stands in it.

use counterfoil_core::port::SessionStore;
use counterfoil_core::session::{Credential, Origin, Session};
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{SessionId, Timestamp, TokenId, UserId};
use counterfoil_store_testkit::build::{self, at};
use counterfoil_store_testkit::run;
use counterfoil_store_testkit::servers::redis::Redis;

use super::{all_keys, ask, live, open};

#[test]
fn sessions_take_little_memory_and_tell_no_secret() {
    const SESSIONS: i64 = 2000;
    run(async {
        let redis = Redis::start();
        let store = open(&redis).await;
        // Scripts and connections are there already.
        live(&store).await;
        ask::<String>(&redis, "FLUSHALL").await;
        store.feed_head().await.unwrap();
        let before = used_memory(&redis).await;
        let mut user = build::user_id();
        for number in 0..SESSIONS {
            if number % 4 == 0 {
                user = build::user_id();
            }
            let (session, token) = real(user, at(number * 86_400 / SESSIONS));
            store.create(session, Some(token)).await.unwrap();
        }
        let each = (used_memory(&redis).await - before) / SESSIONS;
        println!("{each} bytes of memory for each of {SESSIONS} sessions with a token");
        assert!(each < 700, "{each}");
        // What a dump of the memory shows of a user in clear text is who, from where and through what; nothing to log in by.
        let key = all_keys(&redis).await.into_iter().find(|key| key.starts_with("cf:{0")).unwrap();
        let fields: Vec<Vec<u8>> = ask(&redis, &format!("HVALS {key}")).await;
        for value in fields {
            let text = String::from_utf8_lossy(&value).into_owned();
            assert!(!text.contains("eyJ") && !text.contains("refresh"), "{text}");
        }
    });
}

/// A session and a token as they are in use, ids and all.
fn real(user: UserId, begun: Timestamp) -> (Session, TokenRecord) {
    let (mut session, mut token) = build::recorded(user, &build::client("shop"), begun);
    // As random as ids are: what sorts by a counter would be stored smaller.
    let scatter = |bytes: &[u8; 16]| {
        let mut bytes = *bytes;
        let mixed = u64::from_be_bytes(bytes[8..].try_into().unwrap()).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        bytes[8..].copy_from_slice(&mixed.to_be_bytes());
        bytes
    };
    session.id = SessionId::from_bytes(scatter(session.id.as_bytes()));
    token.id = TokenId::from_bytes(scatter(token.id.as_bytes()));
    token.session = session.id;
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    session.origin = Origin::new(Some([198, 51, 100, 7].into()), Some(agent));
    token.origin = session.origin.clone();
    token.key_id = "01k9z3v4w5x6y7z8a9b0c1d2e3".into();
    let (iat, exp) = (token.issued_at.seconds(), token.expires_at.seconds());
    token.claims = format!(
        "{{\"iss\":\"https://auth.example.com\",\"sub\":\"{user}\",\"aud\":\"https://api.example.com\",\"client_id\":\"shop\",\
         \"iat\":{iat},\"exp\":{exp},\"jti\":\"{}\",\"sid\":\"{}\",\"auth_time\":{iat},\"amr\":[\"pwd\"],\"acr\":\"aal1\",\
         \"gen\":0}}",
        token.id, session.id
    )
    .into();
    let Credential::Recorded(state) = &mut session.credential else { panic!("it is recorded") };
    state.token = token.id;
    (session, token)
}

async fn used_memory(redis: &Redis) -> i64 {
    let info: String = ask(redis, "INFO memory").await;
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    line.trim().parse().unwrap()
}
