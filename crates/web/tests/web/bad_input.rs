//! What comes from outside and should not: each is answered with a problem, and none gets further.

use counterfoil_service::Settings;
use counterfoil_web::WebSettings;
use http::StatusCode;
use serde_json::json;

use crate::support::{PASSWORD, World, call, get, post};

#[tokio::test]
async fn bodies_that_are_not_what_an_endpoint_takes() {
    let world = World::new().await;
    let deep = "[".repeat(10_000);
    for (kind, body, status, code) in [
        ("application/json", "", 400, "malformed_json"),
        ("application/json", "{", 400, "malformed_json"),
        ("application/json", "{\"email\": \u{0}}", 400, "malformed_json"),
        ("application/json", deep.as_str(), 422, "invalid_body"),
        ("application/json", "[]", 422, "invalid_body"),
        ("application/json", "{}", 422, "invalid_body"),
        ("application/json", r#"{"email": 1, "password": "x"}"#, 422, "invalid_body"),
        ("application/json", r#"{"email": "a", "email": "b", "password": "x"}"#, 422, "invalid_body"),
        ("application/json", r#"{"email": "a", "password": "x", "admin": true}"#, 422, "invalid_body"),
        ("text/plain", "{}", 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "email=a", 415, "unsupported_media_type"),
    ] {
        let answer = world.send(post("/v1/login").raw(kind, body)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{kind} {:.40}", body);
    }
    let not_utf8 = world.send(post("/v1/login").raw("application/json", vec![b'"', 0xff, b'"'])).await;
    assert!(not_utf8.status.is_client_error());
    let with_charset = world.send(post("/v1/login").raw("application/json; charset=utf-8", "{}")).await;
    assert_eq!(with_charset.code(), "invalid_body");
    let two = post("/v1/login").raw("application/json", "{}").header("content-type", "text/plain");
    assert_eq!(world.send(two).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn huge_passwords_are_cut_off_before_anything_is_done_with_them() {
    let world = World::new().await;
    for (length, status, code) in [(1 << 20, 413, "body_too_large"), (60_000, 422, "password_too_long")] {
        let body = json!({"email": "a@example.test", "password": "a".repeat(length)});
        let answer = world.send(post("/v1/users").json(&body)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code));
    }
}

#[tokio::test]
async fn nul_bytes_reach_nothing() {
    let world = World::new().await;
    world.user("ada@example.test", false).await;
    for (email, password) in [("ada@example.test\0", PASSWORD), ("ada@example.test", "nul \0 in the middle")]
    {
        let answer = world.send(post("/v1/login").json(&json!({"email": email, "password": password}))).await;
        assert!(answer.status.is_client_error(), "{}", answer.status);
    }
}

#[tokio::test]
async fn a_change_is_finished_when_the_caller_hangs_up() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let other = world.log_in("ada@example.test", "app").await;
    let login = world.log_in("ada@example.test", "default").await;
    let change = json!({"current_password": PASSWORD, "new_password": "another four words here"});
    {
        let mut asked = std::pin::pin!(world.open(call("PUT", "/v1/me/password").by(&login).json(&change)));
        let once = std::future::poll_fn(|context| std::task::Poll::Ready(asked.as_mut().poll(context)));
        assert!(once.await.is_pending(), "a password has to be hashed first");
    }
    for _ in 0..500 {
        if world.send(get("/v1/me").by(&other)).await.code() == "revoked" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the other session goes on");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let settings =
        WebSettings { request_timeout: std::time::Duration::from_millis(20), ..WebSettings::default() };
    let world = World::with(Settings::default(), settings).await;
    let call = post("/v1/login").raw("application/json", "").streaming(Never);
    let response = world.open(call).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
}

struct Never;

impl futures_core::Stream for Never {
    type Item = Result<bytes::Bytes, std::io::Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn cookies_that_are_repeated_huge_or_garbage() {
    let world = World::new().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "default").await;
    let value = login.cookie.clone().unwrap();
    let tossed =
        world.send(get("/v1/me").header("cookie", &format!("session={value}; session=tossed"))).await;
    assert_eq!((tossed.status, tossed.code()), (StatusCode::BAD_REQUEST, "repeated_cookie"));
    let two = get("/v1/me").header("cookie", "session=tossed").header("cookie", &format!("session={value}"));
    assert_eq!(world.send(two).await.code(), "repeated_cookie");
    for bad in
        ["session=", "session=x", &format!("session={value}x"), &format!("session={}", "a".repeat(60_000))]
    {
        let answer = world.send(get("/v1/me").header("cookie", bad)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "bad_credential"), "{bad:.60}");
        assert!(answer.set_cookie("session").is_none());
    }
    for at in 0..value.len() {
        let mut bytes = value.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(bytes).unwrap();
        let answer = world.send(get("/v1/me").header("cookie", &format!("session={flipped}"))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "character {at}");
    }
}

#[tokio::test]
async fn authorization_headers_that_are_repeated_or_garbage() {
    let world = World::new().await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "app").await;
    let twice = world.send(get("/v1/me").by(&login).by(&login)).await;
    assert_eq!((twice.status, twice.code()), (StatusCode::BAD_REQUEST, "repeated_authorization"));
    for token in ["a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.", &"a".repeat(60_000)] {
        let answer = world.send(get("/v1/me").bearer(token)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::UNAUTHORIZED, "bad_credential"),
            "{token:.40}"
        );
        assert!(answer.header("www-authenticate").contains("invalid_token"));
    }
    let other_scheme = get("/v1/me").header("authorization", "Digest x");
    assert_eq!(world.send(other_scheme).await.code(), "no_credential");
}

#[tokio::test]
async fn changes_that_ride_on_a_cookie_need_proof_of_their_origin() {
    let world = World::new().await;
    world.user("ada@example.test", false).await;
    let login = world.log_in("ada@example.test", "default").await;
    let end = || call("DELETE", "/v1/sessions").foreign_cookie(&login);
    for forged in [
        end(),
        end().header("sec-fetch-site", "cross-site"),
        end().header("sec-fetch-site", "same-site"),
        end().header("sec-fetch-site", "none"),
        end().header("sec-fetch-site", "cross-site").header("origin", "http://id.example.test"),
        end().header("origin", "https://evil.test"),
        end().header("origin", "null"),
        end().header("origin", "http://id.example.test").header("origin", "https://evil.test"),
    ] {
        let answer = world.send(forged).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "cross_site"));
    }
    for honest in
        [end().header("sec-fetch-site", "same-origin"), end().header("origin", "http://id.example.test")]
    {
        assert_eq!(world.send(honest).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn forwarded_addresses_are_believed_from_trusted_proxies_alone() {
    let settings =
        WebSettings { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..WebSettings::default() };
    let world = World::with(Settings::default(), settings).await;
    world.clients().await;
    world.user("ada@example.test", false).await;
    for (peer, address) in [("198.51.100.7", "198.51.100.7"), ("10.1.2.3", "203.0.113.9")] {
        let body = json!({"email": "ada@example.test", "password": PASSWORD, "client_id": "app"});
        let forwarded =
            post("/v1/login").json(&body).from(peer).header("x-forwarded-for", "6.6.6.6, 203.0.113.9");
        world.pass_alone(std::time::Duration::from_millis(1));
        let login = world.send(forwarded).await;
        let token = login.body["access_token"].as_str().unwrap();
        let sessions = world.send(get("/v1/sessions").bearer(token)).await.body;
        assert_eq!(sessions["items"][0]["address"], address);
    }
}
