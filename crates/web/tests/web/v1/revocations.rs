//! `/v1/revocations`

use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{World, get, post};

/// The next event: its name, id and data.
async fn next(body: &mut axum::body::Body) -> (String, String, Value) {
    let frame = tokio::time::timeout(Duration::from_secs(10), body.frame()).await.unwrap().unwrap().unwrap();
    let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    (line("event: "), line("id: "), serde_json::from_str(&line("data: ")).unwrap())
}

#[tokio::test]
async fn the_feed_tells_what_was_revoked_and_resumes() {
    let world = World::new().await;
    let service = world.clients().await;
    world.user("ada@example.test", false).await;
    let request = || get("/v1/revocations/feed?name=test").basic("api1", &service.secret);
    let response = world.open(request()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let verifier = response.headers()["x-verifier-id"].to_str().unwrap().to_owned();
    let mut events = response.into_body();
    let (name, start, snapshot) = next(&mut events).await;
    assert_eq!((name.as_str(), &snapshot["markers"]), ("snapshot", &json!([])));

    let login = world.log_in("ada@example.test", "app").await;
    world.send(post("/v1/logout").by(&login)).await;
    let marker = loop {
        let (name, _, data) = next(&mut events).await;
        if name == "marker" {
            break data;
        }
    };
    assert_eq!(marker["session"], login.body["session_id"]);
    let ack = json!({"verifier": verifier, "sequence": marker["sequence"]});
    let noted = world.send(post("/v1/revocations/ack").basic("api1", &service.secret).json(&ack)).await;
    assert_eq!(noted.status, StatusCode::NO_CONTENT);

    let again = request().header("last-event-id", &start);
    let mut events = world.open(again).await.into_body();
    let (name, _, data) = next(&mut events).await;
    assert_eq!((name.as_str(), &data["sequence"]), ("marker", &marker["sequence"]));
}

#[tokio::test]
async fn only_services_follow_the_feed() {
    let world = World::new().await;
    let service = world.clients().await;
    world.user("ada@example.test", true).await;
    let admin = world.log_in("ada@example.test", "app").await;
    for call in [
        get("/v1/revocations/feed"),
        get("/v1/revocations/feed").by(&admin),
        get("/v1/revocations/feed").basic("api1", "wrong"),
        get("/v1/revocations/feed").basic("app", &service.secret),
        get("/v1/revocations/feed").header("authorization", "Basic !"),
    ] {
        let answer = world.send(call).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "invalid_client"));
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
    let ack = json!({"verifier": "ver_nobody", "sequence": 1});
    let answer = world.send(post("/v1/revocations/ack").basic("api1", &service.secret).json(&ack)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
