//! `/oauth/revoke`

use http::StatusCode;
use insta::assert_json_snapshot;

use crate::support::{World, get, post};

#[tokio::test]
async fn a_service_revokes_recorded_tokens_and_is_told_what_cannot_be_revoked() {
    let world = World::new().await;
    let service = world.clients().await;
    world.user("ada@example.test", false).await;
    let revoke = |token: &str| {
        world.send(post("/oauth/revoke").basic("api1", &service.secret).form(&[("token", token)]))
    };
    let login = world.log_in("ada@example.test", "app").await;
    assert_eq!(revoke(login.token()).await.status, StatusCode::OK);
    assert_eq!(world.send(get("/v1/me").by(&login)).await.code(), "revoked");
    assert_eq!(revoke("nonsense").await.status, StatusCode::OK, "RFC 7009, section 2.2");
    // A token that is meant for an audience which the client does not have any more is revoked all the same.
    let login = world.log_in("ada@example.test", "app").await;
    let change = serde_json::from_value(serde_json::json!({"audience": ["elsewhere"]})).unwrap();
    world
        .authority
        .edit_client(&"app".parse().unwrap(), change, &crate::support::command_line())
        .await
        .unwrap();
    let alive = "/v1/admin/tokens?state=alive";
    world.user("root@example.test", true).await;
    let root = world.log_in("root@example.test", "default").await;
    let before = world.send(get(alive).by(&root)).await.body["items"].as_array().unwrap().len();
    assert_eq!(revoke(login.token()).await.status, StatusCode::OK);
    let after = world.send(get(alive).by(&root)).await.body["items"].as_array().unwrap().len();
    assert_eq!(before - after, 1);
    // A cookie dies too.
    let browser = world.log_in("ada@example.test", "default").await;
    assert_eq!(revoke(browser.cookie.as_deref().unwrap()).await.status, StatusCode::OK);
    assert_eq!(world.send(get("/v1/me").by(&browser)).await.code(), "revoked");
    let stateless = world.log_in("ada@example.test", "stateless").await;
    assert_json_snapshot!("stateless", revoke(stateless.token()).await.seen());
    assert_eq!(
        world.send(post("/oauth/revoke").form(&[("token", "x")])).await.status,
        StatusCode::UNAUTHORIZED
    );
}
