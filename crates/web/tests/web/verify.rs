//! `/verify`

use http::StatusCode;

use crate::support::{World, get};

#[tokio::test]
async fn the_caller_is_told_in_headers() {
    let world = World::new().await;
    world.clients().await;
    let user = world.user("ada@example.test", false).await;
    for (client, mode, session) in
        [("default", "cookie", true), ("stateless", "jwt", false), ("app", "recorded", true)]
    {
        let login = world.log_in("ada@example.test", client).await;
        let answer = world.send(get("/verify").by(&login)).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::OK, ""));
        assert_eq!((answer.header("x-auth-user"), answer.header("x-auth-mode")), (user.as_str(), mode));
        assert_eq!(answer.header("x-auth-session").starts_with("ses_"), session);
    }
    assert_eq!(world.send(get("/verify")).await.status, StatusCode::UNAUTHORIZED);
}
