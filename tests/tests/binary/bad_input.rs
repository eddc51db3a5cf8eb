//! What must be refused, over real connections: nothing of it is a fault of the server's, and nothing is accepted.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_tests::{PASSWORD, Server};
use serde_json::{Value, json};

#[test]
fn each_forged_token_is_refused_and_told_why() {
    let server = Server::started();
    let token = server.log_in("ann@example.test", "recorded").text("access_token");
    let mut parts = token.split('.');
    let decode =
        |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (header, claims) = (decode(parts.next().unwrap()), decode(parts.next().unwrap()));
    let signature = parts.next().unwrap();
    let forge = |header: &Value, claims: &Value, signature: &str| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{signature}", part(header), part(claims))
    };
    let with = |base: &Value, name: &str, value: Value| {
        let mut changed = base.clone();
        changed[name] = value;
        changed
    };
    let jwks = server.get("/.well-known/jwks.json", &[]).body;
    let swapped = {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = claims_kid(&token);
        header.typ = Some("at+jwt".to_owned());
        jsonwebtoken::encode(&header, &claims, &jsonwebtoken::EncodingKey::from_secret(jwks.as_bytes()))
            .unwrap()
    };
    for (forged, why) in [
        (forge(&with(&header, "alg", json!("none")), &claims, ""), "algorithm"),
        (swapped, "algorithm"),
        (forge(&with(&header, "kid", json!("foreign")), &claims, signature), "unknown_key"),
        (forge(&with(&header, "crit", json!(["exp"])), &claims, signature), "unsupported"),
        (forge(&with(&header, "typ", json!("JWT")), &claims, signature), "type"),
        (forge(&header, &with(&claims, "exp", json!(4_102_444_800_u64)), signature), "signature"),
        (
            forge(&header, &with(&claims, "sub", json!("usr_00000000000000000000000000")), signature),
            "signature",
        ),
        (format!("{token}."), "malformed"),
        ("a".repeat(5000), "too_long"),
    ] {
        let answer = server.get("/v1/me", &[("authorization", &format!("Bearer {forged}"))]);
        assert_eq!(answer.status, 401, "{why}: {answer:?}");
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"), "{answer:?}");
        assert!(answer.body.contains(why), "{why}: {}", answer.body);
    }
}

fn claims_kid(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).unwrap().kid
}

#[test]
fn bodies_are_bounded_and_answered_with_problems() {
    let server = Server::started();
    let login = |body: &str| {
        server.send("POST", "/v1/login", &[("content-type", "application/json")], Some(body.to_owned()))
    };
    for (body, status) in [
        (String::new(), 400),
        ("{".to_owned(), 400),
        ("[]".to_owned(), 400),
        ("{\"email\":1,\"password\":[]}".to_owned(), 400),
        (r#"{"email":"a@b.test","password":"x","password":"y"}"#.to_owned(), 400),
        (r#"{"email":"a@b.test","password":"x","admin":true}"#.to_owned(), 400),
        ("\0\0\0".to_owned(), 400),
        ("\"\u{feff}\"".to_owned(), 400),
        ("[".repeat(10_000), 400),
        (json!({"email": "ann@example.test", "password": "nul\0"}).to_string(), 401),
        (json!({"email": "ann@example.test\0", "password": PASSWORD}).to_string(), 401),
        (json!({"email": "ann@example.test", "password": "x".repeat(10_000)}).to_string(), 401),
    ] {
        let answer = login(&body);
        assert!(answer.status == status || (status == 400 && answer.status == 422), "{body:.60}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{body:.60}");
        assert!(!answer.body.contains(PASSWORD));
    }
    let form = server.send("POST", "/v1/login", &[("content-type", "text/plain")], Some("{}".to_owned()));
    form.assert_problem(415, "unsupported_media_type");
    server.get("/no/such/place", &[]).assert_problem(404, "not_found");
    assert_eq!(server.send("PATCH", "/v1/login", &[], None).status, 405);
}

#[test]
fn what_a_stranger_sends_is_bounded() {
    let server = Server::started();
    let raw = |request: String| {
        let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        let _ = stream.write_all(request.as_bytes());
        let mut answer = vec![0; 4096];
        let count = stream.read(&mut answer).unwrap_or(0);
        String::from_utf8_lossy(&answer[..count]).into_owned()
    };
    // A megabyte of password is refused before it has arrived.
    let huge = raw(format!(
        "POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n\
         {{\"email\":\"ann@example.test\",\"password\":\"{}",
        "x".repeat(70_000)
    ));
    assert!(huge.contains(" 413 ") && huge.contains("body_too_large"), "{huge}");
    let status = |answer: &str| answer.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
    let huge =
        raw(format!("GET /v1/me HTTP/1.1\r\nHost: x\r\nCookie: session={}\r\n\r\n", "x".repeat(65_536)));
    assert!(matches!(status(&huge), Some(400..=499) | None), "{huge}");
    let many: String = (0..200).map(|n| format!("X-{n}: y\r\n")).collect();
    assert!(matches!(
        status(&raw(format!("GET /v1/me HTTP/1.1\r\nHost: x\r\n{many}\r\n"))),
        Some(400..=499) | None
    ));
    let cookies: String = (0..500).map(|n| format!("c{n}=v; ")).collect();
    let answer =
        raw(format!("GET /v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookies}a=b\r\n\r\n"));
    assert_eq!(status(&answer), Some(401));
    for garbage in [
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{0}",
        "GET /\0 HTTP/1.1\r\n\r\n",
    ] {
        assert!(matches!(status(&raw(garbage.to_owned())), Some(400..=499 | 505) | None), "{garbage:?}");
    }
    for hosts in ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n"] {
        for path in ["/v1/me", "/healthz"] {
            let answer = raw(format!("GET {path} HTTP/1.1\r\n{hosts}\r\n"));
            assert!(status(&answer) == Some(400) && answer.contains("bad_host"), "{hosts:?}: {answer}");
        }
    }
    assert_eq!(status(&raw("GET /healthz HTTP/1.0\r\n\r\n".to_owned())), Some(200));
    // Somebody who sends his headers slowly holds nobody up.
    let mut slow = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    slow.write_all(b"GET /v1/me HT").unwrap();
    assert!(server.accepts(&server.ann("cookie")));
}

#[test]
fn a_cookie_is_one_and_rides_only_with_its_own_site() {
    let server = Server::started();
    let cookie = server.ann("cookie").1;
    let other = server.ann("cookie").1;
    let twice = format!("{other}; {cookie}");
    server.get("/v1/me", &[("cookie", &twice)]).assert_problem(400, "repeated_cookie");
    let out = |headers: &[(&str, &str)]| {
        server.post("/v1/logout", &[&[("cookie", cookie.as_str())], headers].concat(), &json!({}))
    };
    for foreign in [
        &[][..],
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "cross-site"), ("origin", server.url.as_str())],
    ] {
        out(foreign).assert_problem(403, "cross_site");
    }
    assert!(server.accepts(&("cookie", cookie.clone())));
    assert_eq!(out(&[("sec-fetch-site", "same-origin")]).status, 200);
    let elsewhere = [("sec-fetch-site", "cross-site")];
    let login = json!({"email": "ann@example.test", "password": PASSWORD});
    assert_eq!(
        server.post("/v1/login", &elsewhere, &login).status,
        403,
        "nobody is logged in behind their back"
    );
}

#[test]
fn forwarded_headers_of_strangers_are_not_believed() {
    let server = Server::started();
    let body = json!({"email": "ann@example.test", "password": PASSWORD, "client_id": "recorded"});
    let forwarded = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
    assert_eq!(server.post("/v1/login", &forwarded, &body).status, 200);
    assert_eq!(server.json(&["session", "list"])["items"][0]["address"], "127.0.0.1");
    let mut trusting = Server::prepared();
    trusting.start(&["--trusted-proxy", "127.0.0.0/8"]);
    assert_eq!(trusting.post("/v1/login", &forwarded, &body).status, 200);
    assert_eq!(trusting.json(&["session", "list"])["items"][0]["address"], "203.0.113.9");
}
