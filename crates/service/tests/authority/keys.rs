//! The signing keys over time, the master key and the issuer.

use std::collections::BTreeMap;
use std::time::Duration;

use counterfoil_core::account::{ClaimRules, ClaimSource, ClientChange, KeyAlgorithm, KeyState};
use counterfoil_service::{Error, MasterKey, Settings, SystemEntropy};

use crate::support::{House, by, minutes};

#[tokio::test]
async fn a_rotation_logs_nobody_out() {
    let house = House::new().await;
    let (before, refresh) = house.recorded().await;
    let old = house.jwks();
    for _ in 0..3 {
        house.rotate_keys(None, &by()).await.unwrap();
    }
    assert_ne!(house.jwks().etag, old.etag);
    assert!(house.check_bearer(&before.token).await.is_ok());
    let after = house.refresh(&refresh, None, &Default::default()).await.unwrap();
    assert!(house.check_bearer(&after.access.token).await.is_ok());
    let of = |state| house.keys().iter().filter(|key| key.state == state).count();
    assert_eq!((of(KeyState::Next), of(KeyState::Active), of(KeyState::Retiring)), (1, 1, 3));
    // Another node has them too.
    let other = house.another(house.settings.clone()).await.unwrap();
    assert_eq!(other.jwks(), house.jwks());
}

#[tokio::test]
async fn a_key_type_is_published_while_a_client_uses_it() {
    let house = House::new().await;
    let types = || String::from_utf8(house.jwks().body.to_vec()).unwrap();
    assert!(!types().contains("OKP") && !types().contains("RSA"));
    let algorithm = |algorithm| ClientChange { algorithm: Some(algorithm), ..ClientChange::default() };
    let jwt = "jwt".parse().unwrap();
    house.edit_client(&jwt, algorithm(KeyAlgorithm::EdDsa), &by()).await.unwrap();
    assert!(types().contains("OKP"));
    let token = house.stateless().await;
    assert!(house.check_bearer(&token.token).await.is_ok());
    house.edit_client(&jwt, algorithm(KeyAlgorithm::Es256), &by()).await.unwrap();
    assert!(house.check_bearer(&token.token).await.is_ok(), "it was signed when the client used it");
    let not_used = house.rotate_keys(Some(KeyAlgorithm::Rs256), &by()).await;
    assert!(matches!(not_used, Err(Error::NotFound)));
}

#[tokio::test]
async fn another_master_key_or_issuer_is_noticed() {
    let mut house = House::new().await;
    let moved = Settings { public_url: Some("https://id.example.test".to_owned()), ..house.settings.clone() };
    assert!(matches!(house.another(moved.clone()).await, Err(Error::IssuerChanged { .. })));
    let token = house.stateless().await;
    let there = house.another(Settings { change_issuer: true, ..moved }).await.unwrap();
    assert!(there.is_secure());
    let refused = there.check(counterfoil_service::Presented::Bearer(&token.token)).await;
    assert!(matches!(refused, Err(Error::BadCredential { code: "wrong_issuer" })));
    for bad in ["id.example.test", "https://", "https://a/b", "https://a?b", "ftp://a", "https://a/"] {
        let settings =
            Settings { public_url: Some(bad.to_owned()), change_issuer: true, ..house.settings.clone() };
        assert!(matches!(house.another(settings).await, Err(Error::InvalidIssuer(_))), "{bad}");
    }
    house.master = MasterKey::generate(&SystemEntropy);
    assert!(matches!(house.another(house.settings.clone()).await, Err(Error::MasterKey)));
}

#[tokio::test]
async fn tokens_are_bounded_and_claims_are_the_clients() {
    let house = House::new().await;
    let id = "jwt".parse().unwrap();
    let claims = |value: &str| {
        let source = ClaimSource::Value(value.into());
        let rules = ClaimRules::new(BTreeMap::from([("tier".to_owned(), source)])).unwrap();
        ClientChange { claims: Some(rules), ..ClientChange::default() }
    };
    let plain = house.token_size(&house.client(&id).unwrap());
    let client = house.edit_client(&id, claims("gold"), &by()).await.unwrap();
    assert!(house.token_size(&client) > plain);
    let token = house.stateless().await.token;
    let caller = house.check_bearer(&token).await.unwrap();
    assert_eq!(caller.principal.claims["tier"], "gold");
    assert!(token.len().abs_diff(house.token_size(&client)) < 120);
    let audience: Vec<String> = (0..8).map(|n| format!("{n}{}", "a".repeat(250))).collect();
    let too_large = ClientChange { audience: Some(audience), ..claims(&"gold ".repeat(300)) };
    let refused = house.edit_client(&id, too_large, &by()).await;
    assert!(matches!(refused, Err(Error::TokenTooLarge { .. })));
}

#[tokio::test]
async fn old_keys_go_when_their_last_token_has() {
    let house = House::new().await;
    let (_, mut refresh) = house.recorded().await;
    house.rotate_keys(None, &by()).await.unwrap();
    for _ in 0..4 {
        house.pass(minutes(50)).await;
        refresh = house.refresh(&refresh, None, &Default::default()).await.unwrap().refresh_token.to_string();
    }
    house.pass(Duration::from_secs(25 * 3600)).await;
    house.rotate_keys(None, &by()).await.unwrap();
    let retiring = house.keys().iter().filter(|key| key.state == KeyState::Retiring).count();
    assert_eq!(retiring, 1, "the one that signed until now");
}
