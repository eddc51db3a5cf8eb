//! `/healthz`, `/readyz`, `/metrics`

use http::StatusCode;

use crate::support::{World, call, get, post};

#[tokio::test]
async fn alive_and_ready() {
    let world = World::new().await;
    assert_eq!(world.send(get("/healthz")).await.status, StatusCode::OK);
    let ready = world.send(get("/readyz")).await;
    assert_eq!((ready.status, ready.body["ready"].as_bool()), (StatusCode::OK, Some(true)));
    world.pass_alone(std::time::Duration::from_secs(60));
    let stale = world.send(get("/readyz")).await;
    assert_eq!((stale.status, stale.body["ready"].as_bool()), (StatusCode::SERVICE_UNAVAILABLE, Some(false)));
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_what_the_authority_did() {
    let world = World::new().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "default").await;
    world.send(get("/v1/me").by(&login)).await;
    world.send(get("/v1/me")).await;
    world.send(get("/nowhere")).await;
    world.send(call("DELETE", "/v1/sessions/nonsense").by(&login)).await;
    let answer = world.send(get("/metrics")).await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    let text = answer.text();
    for line in [
        "counterfoil_http_request_duration_seconds_count{route=\"/v1/me\",status=\"2xx\"} 1",
        "counterfoil_http_request_duration_seconds_count{route=\"/v1/me\",status=\"4xx\"} 1",
        "counterfoil_http_request_duration_seconds_count{route=\"unmatched\",status=\"4xx\"} 1",
        "counterfoil_http_request_duration_seconds_count{route=\"/v1/sessions/{id}\",status=\"4xx\"} 1",
        "counterfoil_logins_total 1",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let world = World::new().await;
    let nowhere = world.send(get("/nowhere")).await;
    insta::assert_json_snapshot!("nowhere", nowhere.seen());
    let method = world.send(post("/v1/me")).await;
    insta::assert_json_snapshot!("method", method.seen());
}
