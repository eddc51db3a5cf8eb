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
    let stateless = world.log_in("ada@example.test", "stateless").await;
    assert_json_snapshot!("stateless", revoke(stateless.token()).await.seen());
    assert_eq!(
        world.send(post("/oauth/revoke").form(&[("token", "x")])).await.status,
        StatusCode::UNAUTHORIZED
    );
}
