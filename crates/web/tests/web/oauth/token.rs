//! `/oauth/token`

use std::time::Duration;

use http::StatusCode;
use insta::assert_json_snapshot;

use crate::support::{World, get, post};

#[tokio::test]
async fn a_refresh_gives_the_next_tokens_and_a_repeat_the_same() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "app").await;
    let refresh = |token: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "app")];
        world.send(post("/oauth/token").form(&form))
    };
    let first = refresh(login.refresh_token()).await;
    assert_json_snapshot!("refreshed", first.seen());
    assert_eq!(first.header("cache-control"), "no-store");
    let repeat = refresh(login.refresh_token()).await;
    assert_eq!(repeat.body["refresh_token"], first.body["refresh_token"]);
    let access = repeat.body["access_token"].as_str().unwrap();
    assert_eq!(world.send(get("/v1/me").bearer(access)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_late_repeat_is_theft_and_says_so() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "app").await;
    let refresh = |token: &str| {
        world.send(post("/oauth/token").form(&[("grant_type", "refresh_token"), ("refresh_token", token)]))
    };
    let next = refresh(login.refresh_token()).await;
    world.pass(Duration::from_secs(60)).await;
    assert_json_snapshot!("reused", refresh(login.refresh_token()).await.seen());
    let ended = refresh(next.body["refresh_token"].as_str().unwrap()).await;
    assert_json_snapshot!("ended", ended.seen());
    assert_json_snapshot!("unknown", refresh("cfr_nonsense").await.seen());
}

#[tokio::test]
async fn other_requests_are_refused_in_the_oauth_way() {
    let world = World::new().await;
    world.clients().await;
    for (form, error) in [
        (&[("grant_type", "password")][..], "unsupported_grant_type"),
        (&[("refresh_token", "x")], "invalid_request"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (&[("grant_type", "refresh_token"), ("grant_type", "refresh_token")], "invalid_request"),
    ] {
        let answer = world.send(post("/oauth/token").form(form)).await;
        assert_eq!(
            (answer.status, answer.body["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some(error)),
            "{form:?}"
        );
    }
    let json = world.send(post("/oauth/token").raw("application/json", "{}")).await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
