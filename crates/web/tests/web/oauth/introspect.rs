//! `/oauth/introspect`

use http::StatusCode;
use insta::assert_json_snapshot;

use crate::support::{World, post};

#[tokio::test]
async fn services_learn_what_a_token_is_worth() {
    let world = World::new().await;
    let service = world.clients().await;
    world.user("ada@example.test", false).await;
    let introspect = |token: &str| {
        world.send(post("/oauth/introspect").basic("api1", &service.secret).form(&[("token", token)]))
    };
    for client in ["stateless", "app"] {
        let login = world.log_in("ada@example.test", client).await;
        assert_json_snapshot!(client, introspect(login.token()).await.seen());
    }
    let login = world.log_in("ada@example.test", "app").await;
    world.send(post("/v1/logout").by(&login)).await;
    assert_json_snapshot!("revoked", introspect(login.token()).await.seen());
    assert_json_snapshot!("nonsense", introspect("nonsense").await.seen());
}

#[tokio::test]
async fn nobody_else_does() {
    let world = World::new().await;
    let service = world.clients().await;
    let none = world.send(post("/oauth/introspect").form(&[("token", "x")])).await;
    assert_json_snapshot!("nobody", none.seen());
    let wrong = world.send(post("/oauth/introspect").basic("api1", "wrong").form(&[("token", "x")])).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let form = [("token", "x"), ("client_id", "api1"), ("client_secret", service.secret.as_str())];
    let twice = world.send(post("/oauth/introspect").basic("api1", &service.secret).form(&form)).await;
    assert_eq!(twice.status, StatusCode::UNAUTHORIZED, "one way of authentication at a time");
    let missing = world.send(post("/oauth/introspect").basic("api1", &service.secret).form(&[])).await;
    assert_eq!(missing.body["error"], "invalid_request");
}
