//! `/v1/sessions`

use http::StatusCode;
use insta::assert_json_snapshot;

use crate::support::{World, call, get};

#[tokio::test]
async fn my_sessions_are_listed_and_ended() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let first = world.log_in("ada@example.test", "app").await;
    let second = world.log_in("ada@example.test", "default").await;
    let third = world.log_in("ada@example.test", "app").await;
    assert_json_snapshot!("list", world.send(get("/v1/sessions").by(&second)).await.seen());

    let id = first.body["session_id"].as_str().unwrap();
    let ended = world.send(call("DELETE", &format!("/v1/sessions/{id}")).by(&second)).await;
    assert_json_snapshot!("one", ended.seen());
    assert_eq!(world.send(get("/v1/me").by(&first)).await.code(), "revoked");

    let ended = world.send(call("DELETE", "/v1/sessions").by(&second)).await;
    assert_json_snapshot!("others", ended.seen());
    assert_eq!(world.send(get("/v1/me").by(&third)).await.code(), "revoked");
    assert_eq!(world.send(get("/v1/me").by(&second)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn pages_follow_each_other() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let mut login = world.log_in("ada@example.test", "app").await;
    for _ in 0..4 {
        login = world.log_in("ada@example.test", "app").await;
    }
    let (mut path, mut seen) = ("/v1/sessions?limit=2".to_owned(), Vec::new());
    loop {
        let page = world.send(get(&path).by(&login)).await.body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/sessions?limit=2&cursor={next}"),
            None => break,
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn somebody_elses_session_is_not_there() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    world.user("eve@example.test", false).await;
    let ada = world.log_in("ada@example.test", "app").await;
    let eve = world.log_in("eve@example.test", "app").await;
    let id = ada.body["session_id"].as_str().unwrap();
    for id in [id, "ses_00000000000000000000000000", "nonsense", "%FF"] {
        let answer = world.send(call("DELETE", &format!("/v1/sessions/{id}")).by(&eve)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "not_found"), "{id}");
    }
    assert_eq!(world.send(get("/v1/me").by(&ada)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn queries_are_bounded_and_known() {
    let world = World::new().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "default").await;
    for query in ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "cursor=nonsense", "offset=1"] {
        let answer = world.send(get(&format!("/v1/sessions?{query}")).by(&login)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "bad_query"), "{query}");
    }
}
