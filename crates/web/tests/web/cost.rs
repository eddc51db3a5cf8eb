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
    let rounds = 4_000;
    for _ in 0..rounds {
        let mut request = Request::builder()
            .uri("/v1/me")
            .header("host", "x")
            .header("user-agent", "y")
            .header("accept", "*/*");
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
    let mut best = vec![f64::MAX; all.len() + 1];
    for _ in 0..100 {
        best[0] = best[0].min(time(&bare, Some(("cookie", "session=x"))).await);
        for (best, (_, (name, value))) in best[1..].iter_mut().zip(&all) {
            *best = best.min(time(&world.router, Some((*name, value))).await);
        }
    }
    println!("ns, the best of 100 rounds: bare {:.0}", best[0]);
    for (best, (client, _)) in best[1..].iter().zip(&all) {
        println!("{client} {best:.0}");
    }
}
