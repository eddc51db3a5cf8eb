//! Refreshing, over time and at once.

use std::collections::HashSet;
use std::time::Duration;

use counterfoil_core::session::Origin;
use counterfoil_service::{Error, RefreshCause};

use crate::support::{House, minutes};

#[tokio::test]
async fn a_login_goes_on_while_it_is_refreshed_and_ends_in_any_case() {
    let house = House::new().await;
    let (_, mut token) = house.recorded().await;
    for _ in 0..4 {
        house.pass(minutes(55)).await;
        let refreshed = house.refresh(&token, Some("recorded"), &Origin::default()).await.unwrap();
        assert!(house.check_bearer(&refreshed.access.token).await.is_ok());
        token = refreshed.refresh_token.to_string();
    }
    house.pass(minutes(25)).await;
    let over = house.refresh(&token, None, &Origin::default()).await;
    assert!(matches!(over, Err(Error::InvalidGrant { cause: "session_expired" })));
}

#[tokio::test]
async fn no_token_outlives_its_login() {
    let house = House::new().await;
    let (_, mut token) = house.recorded().await;
    let end = house.clock_now() + minutes(240);
    for _ in 0..4 {
        house.pass(minutes(59)).await;
        let refreshed = house.refresh(&token, None, &Origin::default()).await.unwrap();
        assert!(refreshed.access.expires_at <= end);
        token = refreshed.refresh_token.to_string();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_get_one_answer() {
    let house = House::new().await;
    let (_, token) = house.recorded().await;
    let racers: Vec<_> = (0..64)
        .map(|_| {
            let (authority, token) = (house.authority.clone(), token.clone());
            tokio::spawn(async move { authority.refresh(&token, None, &Origin::default()).await.unwrap() })
        })
        .collect();
    let (mut refresh_tokens, mut ids, mut rotated) = (HashSet::new(), HashSet::new(), 0);
    for racer in racers {
        let refreshed = racer.await.unwrap();
        refresh_tokens.insert(refreshed.refresh_token.to_string());
        let caller = house.check_bearer(&refreshed.access.token).await.unwrap();
        ids.insert(format!("{:?}", caller.credential));
        rotated += usize::from(refreshed.cause == RefreshCause::Rotated);
    }
    assert_eq!((refresh_tokens.len(), ids.len(), rotated), (1, 1, 1));
}

#[tokio::test]
async fn a_replay_after_the_window_is_theft() {
    let house = House::new().await;
    let (access, first) = house.recorded().await;
    let second = house.refresh(&first, None, &Origin::default()).await.unwrap();
    house.pass(Duration::from_secs(29)).await;
    let again = house.refresh(&first, None, &Origin::default()).await.unwrap();
    assert_eq!(again.cause, RefreshCause::Converged);
    assert_eq!(*again.refresh_token, *second.refresh_token);
    house.pass(Duration::from_secs(2)).await;
    let theft = house.refresh(&first, None, &Origin::default()).await;
    assert!(matches!(theft, Err(Error::InvalidGrant { cause: "refresh_token_reused" })));
    // Thief and victim alike are out, at once, and are told the cause.
    assert!(matches!(house.check_bearer(&access.token).await, Err(Error::Revoked { .. })));
    assert!(matches!(house.check_bearer(&second.access.token).await, Err(Error::Revoked { .. })));
    let victim = house.refresh(&second.refresh_token, None, &Origin::default()).await;
    assert!(matches!(victim, Err(Error::InvalidGrant { cause: "refresh_token_reused" })));
}

#[tokio::test]
async fn another_clients_refresh_token_is_unknown() {
    let house = House::new().await;
    let (_, token) = house.recorded().await;
    let refused = house.refresh(&token, Some("cookie"), &Origin::default()).await;
    assert!(matches!(refused, Err(Error::InvalidGrant { cause: "unknown_token" })));
    assert!(house.refresh(&token, Some("recorded"), &Origin::default()).await.is_ok());
}

#[tokio::test]
async fn expiry_is_jittered() {
    let house = House::new().await;
    let mut lifetimes = HashSet::new();
    for _ in 0..20 {
        let token = house.stateless().await;
        assert!(token.expires_in <= minutes(10) && token.expires_in >= Duration::from_secs(569));
        lifetimes.insert(token.expires_at);
    }
    assert!(lifetimes.len() > 3);
}
