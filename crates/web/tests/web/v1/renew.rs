//! `/v1/renew`

use std::time::Duration;

use http::StatusCode;
use insta::assert_json_snapshot;

use crate::support::{World, get, post};

#[tokio::test]
async fn a_stateless_token_buys_the_next() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "stateless").await;
    world.pass(Duration::from_secs(60)).await;
    let answer = world.send(post("/v1/renew").by(&login)).await;
    assert_json_snapshot!("renewed", answer.seen());
    let token = answer.body["access_token"].as_str().unwrap();
    assert_ne!(token, login.token());
    assert_eq!(world.send(get("/v1/me").bearer(token)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn other_logins_are_not_renewed() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let recorded = world.log_in("ada@example.test", "app").await;
    assert_json_snapshot!("recorded", world.send(post("/v1/renew").by(&recorded)).await.seen());
    let cookie = world.log_in("ada@example.test", "default").await;
    assert_eq!(world.send(post("/v1/renew").by(&cookie)).await.status, StatusCode::UNAUTHORIZED);
}
