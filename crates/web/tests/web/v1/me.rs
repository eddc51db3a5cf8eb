//! `/v1/me`

use std::time::Duration;

use http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{PASSWORD, World, call, get, post};

#[tokio::test]
async fn the_principal_has_one_shape_in_every_mode() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    for client in ["default", "stateless", "app"] {
        let login = world.log_in("ada@example.test", client).await;
        let answer = world.send(get("/v1/me").by(&login)).await;
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_json_snapshot!(client, answer.seen());
        let head = world.send(call("HEAD", "/v1/me").by(&login)).await;
        assert_eq!((head.status, head.text()), (StatusCode::OK, ""));
    }
}

#[tokio::test]
async fn nobody_and_nonsense_are_refused() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    assert_json_snapshot!("nobody", world.send(get("/v1/me")).await.seen());
    assert_json_snapshot!("nonsense", world.send(get("/v1/me").bearer("nonsense")).await.seen());
    let login = world.log_in("ada@example.test", "stateless").await;
    world.pass(Duration::from_secs(3600)).await;
    assert_json_snapshot!("expired", world.send(get("/v1/me").by(&login)).await.seen());
}

#[tokio::test]
async fn the_requests_id_is_taken_over_when_it_is_harmless() {
    let world = World::new().await;
    let taken = world.send(get("/v1/me").header("x-request-id", "abc-1")).await;
    assert_eq!(taken.header("x-request-id"), "abc-1");
    let made = world.send(get("/v1/me").header("x-request-id", "a b")).await;
    assert_ne!(made.header("x-request-id"), "a b");
}

#[tokio::test]
async fn another_password_ends_the_other_sessions() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let other = world.log_in("ada@example.test", "app").await;
    let login = world.log_in("ada@example.test", "default").await;
    let change =
        |current: &str| json!({"current_password": current, "new_password": "another four words here"});
    let wrong = world.send(call("PUT", "/v1/me/password").by(&login).json(&change("not the password"))).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let answer = world.send(call("PUT", "/v1/me/password").by(&login).json(&change(PASSWORD))).await;
    assert_json_snapshot!("changed", answer.seen());
    assert_eq!(world.send(get("/v1/me").by(&other)).await.code(), "revoked");
    let old = world.send(get("/v1/me").by(&login)).await;
    assert_eq!(old.code(), "bad_credential", "somebody else may have it");
    let next = answer.header("set-cookie").split_once(';').unwrap().0;
    assert_eq!(world.send(get("/v1/me").header("cookie", next)).await.status, StatusCode::OK);
    let old = json!({"email": "ada@example.test", "password": PASSWORD});
    assert_eq!(world.send(post("/v1/login").json(&old)).await.status, StatusCode::UNAUTHORIZED);
}
