//! What `GET /v1/me` costs above a bare handler. Run by hand: `cargo test --release … -- --ignored --nocapture cost`.

use std::hint::black_box;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::routing::get as route;
use http::Request;
use serde_json::json;
use tower::ServiceExt;

use crate::support::World;

async fn time(router: &Router, header: Option<(&str, &str)>) -> f64 {
    let started = Instant::now();
    let rounds = 50_000;
    for _ in 0..rounds {
        let mut request = Request::builder().uri("/v1/me").header("host", "x").header("user-agent", "y").header("accept", "*/*");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        black_box(response);
    }
    started.elapsed().as_nanos() as f64 / f64::from(rounds)
}

#[tokio::test]
#[ignore = "a measurement"]
async fn cost_of_me() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let bare = Router::new().route("/v1/me", route(|| async { axum::Json(json!({"user": "x"})) }));
    let mut all = Vec::new();
    for client in ["default", "stateless", "app"] {
        let login = world.log_in("ada@example.test", client).await;
        let header = match &login.cookie {
            Some(value) => ("cookie", format!("session={value}")),
            None => ("authorization", format!("Bearer {}", login.token())),
        };
        all.push((client, header));
    }
    for _ in 0..5 {
        print!("bare {:7.0} ns", time(&bare, Some(("cookie", "session=x"))).await);
        for (client, (name, value)) in &all {
            print!("   {client} {:7.0} ns", time(&world.router, Some((*name, value))).await);
        }
        println!();
    }
}
