//! `/v1/login`

use counterfoil_service::Settings;
use counterfoil_web::WebSettings;
use http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{PASSWORD, World, get, post};

#[tokio::test]
async fn each_mode_has_its_answer() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    for client in ["default", "stateless", "app"] {
        let body = json!({"email": "ada@example.test", "password": PASSWORD, "client_id": client});
        let answer = world.send(post("/v1/login").json(&body)).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_json_snapshot!(client, answer.seen());
    }
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_have_one_answer() {
    let world = World::new().await;
    world.user("ada@example.test", false).await;
    let mut answers = Vec::new();
    for (email, password) in [("nobody@example.test", PASSWORD), ("ada@example.test", "not the password")] {
        let body = json!({"email": email, "password": password});
        let mut seen = world.send(post("/v1/login").json(&body)).await.seen();
        seen["body"]["request_id"].take();
        answers.push(seen);
    }
    assert_eq!(answers[0], answers[1]);
    assert_json_snapshot!("wrong", answers[0]);
}

#[tokio::test]
async fn clients_that_nobody_logs_in_through_are_refused() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    for (client, code) in
        [("nowhere", "unknown_client"), ("NO ID", "unknown_client"), ("api1", "not_an_application")]
    {
        let body = json!({"email": "ada@example.test", "password": PASSWORD, "client_id": client});
        let answer = world.send(post("/v1/login").json(&body)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNPROCESSABLE_ENTITY, code));
    }
}

#[tokio::test]
async fn another_sites_page_logs_nobody_in_with_a_cookie() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let log_in = |client: &str, name: &str, value: &str| {
        let body = json!({"email": "ada@example.test", "password": PASSWORD, "client_id": client});
        world.send(post("/v1/login").json(&body).header(name, value))
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.test"),
        ("origin", "null"),
    ] {
        let answer = log_in("default", name, value).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "cross_site"), "{name}: {value}");
        assert!(answer.set_cookie("session").is_none());
        assert_eq!(log_in("app", name, value).await.status, StatusCode::OK, "tokens ride on nothing");
    }
    assert_eq!(log_in("default", "sec-fetch-site", "none").await.status, StatusCode::OK);
    assert_eq!(log_in("default", "origin", "http://id.example.test").await.status, StatusCode::OK);
}

#[tokio::test]
async fn proving_who_one_is_again_changes_the_cookie_and_not_the_session() {
    let world = World::new().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "default").await;
    let proof = json!({"password": PASSWORD});
    let answer = world.send(post("/v1/reauthenticate").cookie(&login).json(&proof)).await;
    assert_json_snapshot!("reauthenticated", answer.seen());
    let changed = answer.set_cookie("session").unwrap();
    assert_ne!(Some(changed), login.cookie.as_deref());
    let me = world.send(get("/v1/me").header("cookie", &format!("session={changed}"))).await;
    assert_eq!(me.body["session"]["id"], login.body["session"]["id"]);
    let wrong = world
        .send(post("/v1/reauthenticate").cookie(&login).json(&json!({"password": "not it at all"})))
        .await;
    assert_eq!((wrong.status, wrong.code()), (StatusCode::UNAUTHORIZED, "invalid_credentials"));
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let settings = Settings { public_url: Some("https://id.example.test".to_owned()), ..Settings::default() };
    let world = World::with(settings, WebSettings::default()).await;
    world.user("ada@example.test", false).await;
    let body = json!({"email": "ada@example.test", "password": PASSWORD});
    let answer = world.send(post("/v1/login").json(&body)).await;
    assert_json_snapshot!("secure", answer.seen()["headers"]["set-cookie"]);
    let value = answer.set_cookie("__Host-session").unwrap();
    let tossed = format!("session=tossed; __Host-session={value}");
    assert_eq!(world.send(get("/v1/me").header("cookie", &tossed)).await.status, StatusCode::OK);
    let other_name = world.send(get("/v1/me").header("cookie", &format!("session={value}"))).await;
    assert_eq!(other_name.code(), "no_credential");
}
