//! `/v1/logout`

use http::StatusCode;
use insta::assert_json_snapshot;

use crate::support::{World, get, post};

#[tokio::test]
async fn each_mode_ends_as_it_can() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    for (client, after) in [("default", 401), ("stateless", 200), ("app", 401)] {
        let login = world.log_in("ada@example.test", client).await;
        assert_json_snapshot!(client, world.send(post("/v1/logout").by(&login)).await.seen());
        let me = world.send(get("/v1/me").by(&login)).await;
        assert_eq!(me.status.as_u16(), after, "{client}");
        assert!(
            me.set_cookie("session").is_none(),
            "a refusal clears no cookie: it may be another tab's new one"
        );
    }
}

#[tokio::test]
async fn a_dead_cookie_is_cleared_all_the_same() {
    let world = World::new().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "default").await;
    world.send(post("/v1/logout").cookie(&login)).await;
    let again = world.send(post("/v1/logout").cookie(&login)).await;
    assert_json_snapshot!("dead", again.seen());
    let garbage =
        post("/v1/logout").header("cookie", "session=rubbish").header("sec-fetch-site", "same-origin");
    assert_eq!(world.send(garbage).await.set_cookie("session"), Some(""));
}

#[tokio::test]
async fn logging_out_somebody_else_by_a_forged_request_is_refused() {
    let world = World::new().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "default").await;
    let forged = world.send(post("/v1/logout").foreign_cookie(&login)).await;
    assert_json_snapshot!("forged", forged.seen());
    assert_eq!(world.send(get("/v1/me").by(&login)).await.status, StatusCode::OK);
    assert_eq!(world.send(post("/v1/logout")).await.status, StatusCode::UNAUTHORIZED);
}
