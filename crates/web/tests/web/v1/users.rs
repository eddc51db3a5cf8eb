//! `/v1/users`

use counterfoil_service::Settings;
use counterfoil_web::WebSettings;
use http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{PASSWORD, World, post};

#[tokio::test]
async fn signing_up_makes_an_account_once() {
    let world = World::new().await;
    let body = json!({"email": " Ada@Example.TEST ", "password": PASSWORD, "name": "Ada"});
    let made = world.send(post("/v1/users").json(&body)).await;
    assert_json_snapshot!("made", made.seen());
    assert_eq!(made.header("cache-control"), "no-store");
    assert_json_snapshot!("taken", world.send(post("/v1/users").json(&body)).await.seen());
}

#[tokio::test]
async fn values_that_cannot_be_are_refused_each_with_its_code() {
    let world = World::new().await;
    for (email, password, name, code) in [
        ("no address", PASSWORD, "Ada", "invalid_email"),
        ("a@example.test", "short", "Ada", "password_too_short"),
        ("a@example.test", "password1", "Ada", "password_too_common"),
        ("a@example.test", "a nul \0 inside it", "Ada", "password_has_nul"),
        ("a@example.test", &"a".repeat(257), "Ada", "password_too_long"),
        ("a@example.test", PASSWORD, "line\nbreak", "invalid_name"),
    ] {
        let body = json!({"email": email, "password": password, "name": name});
        let answer = world.send(post("/v1/users").json(&body)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNPROCESSABLE_ENTITY, code));
    }
}

#[tokio::test]
async fn sign_up_can_be_closed() {
    let world =
        World::with(Settings { sign_up_open: false, ..Settings::default() }, WebSettings::default()).await;
    let body = json!({"email": "a@example.test", "password": PASSWORD});
    assert_json_snapshot!(world.send(post("/v1/users").json(&body)).await.seen());
}
