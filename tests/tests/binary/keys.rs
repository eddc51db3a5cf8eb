//! Signing keys: rotation, what is published, and what lies on the disk.

use base64::Engine as _;
use counterfoil_tests::{PASSWORD, Server};
use serde_json::Value;

#[test]
fn a_rotation_while_the_server_runs_logs_nobody_out() {
    let server = Server::started();
    let before = server.ann("recorded");
    let published = server.get("/.well-known/jwks.json", &[]);
    let etag = published.header("etag").unwrap().to_owned();
    assert_eq!(server.get("/.well-known/jwks.json", &[("if-none-match", &etag)]).status, 304);
    assert!(published.header("cache-control").unwrap().contains("max-age"));
    let keys = server.json(&["key", "rotate"]);
    let states: Vec<_> = keys["items"].as_array().unwrap().iter().map(|key| key["state"].clone()).collect();
    for state in ["next", "active", "retiring"] {
        assert!(states.contains(&state.into()), "{states:?}");
    }
    let after = server.ann("recorded");
    let kid = |token: &str| {
        let header = token.trim_start_matches("Bearer ").split('.').next().unwrap();
        let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
        serde_json::from_slice::<Value>(&header).unwrap()["kid"].clone()
    };
    assert_ne!(kid(&before.1), kid(&after.1), "the running server signs with the new key");
    assert!(published.body.contains(kid(&after.1).as_str().unwrap()), "which had been published before");
    assert!(server.accepts(&before) && server.accepts(&after));
    assert_eq!(server.get("/.well-known/jwks.json", &[("if-none-match", &etag)]).status, 200);
}

#[test]
fn an_independent_library_verifies_every_algorithm() {
    let server = Server::started();
    for (algorithm, theirs) in [
        ("ES256", jsonwebtoken::Algorithm::ES256),
        ("EdDSA", jsonwebtoken::Algorithm::EdDSA),
        ("RS256", jsonwebtoken::Algorithm::RS256),
    ] {
        server.json(&["client", "edit", "jwt", "--algorithm", algorithm]);
        let token = server.log_in("ann@example.test", "jwt").text("access_token");
        let header = jsonwebtoken::decode_header(&token).unwrap();
        let published: jsonwebtoken::jwk::JwkSet =
            serde_json::from_str(&server.get("/.well-known/jwks.json", &[]).body).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(published.find(&header.kid.unwrap()).unwrap()).unwrap();
        let mut validation = jsonwebtoken::Validation::new(theirs);
        validation.set_audience(&["api"]);
        let claims = jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap().claims;
        assert_eq!(claims["client_id"], "jwt", "{algorithm}");
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    }
    // Nobody signs with Ed25519 any more, but a token that was is out there.
    let states = server.json(&["key", "list"]);
    let of = |algorithm: &str| {
        let keys = states["items"].as_array().unwrap().iter().filter(|key| key["algorithm"] == algorithm);
        keys.map(|key| key["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("EdDSA"), ["retiring"]);
}

#[test]
fn nothing_usable_lies_on_the_disk_or_in_the_log() {
    let mut server = Server::prepared();
    server.start(&["--log-level", "trace"]);
    let service = server.json(&["client", "add", "--id", "api1", "--name", "API", "--service"]);
    let cookie = server.ann("cookie").1;
    let login = server.log_in("ann@example.test", "recorded");
    let next = server.refresh(&login.text("refresh_token"));
    let link = server.json(&["setup-link"])["url"].as_str().unwrap().to_owned();
    server.get("/v1/me", &[("cookie", &cookie)]);
    server.get("/v1/me", &[("authorization", &format!("Bearer {}", next.text("access_token")))]);
    server.log_in("ann@example.test", "jwt");
    let signature = |token: String| token.rsplit('.').next().unwrap().to_owned();
    let secrets = [
        PASSWORD.to_owned(),
        cookie.split_once('=').unwrap().1.to_owned(),
        login.text("refresh_token"),
        next.text("refresh_token"),
        signature(login.text("access_token")),
        signature(next.text("access_token")),
        service["secret"].as_str().unwrap().to_owned(),
        link.rsplit_once('=').unwrap().1.to_owned(),
    ];
    let key = std::fs::read_to_string(server.data().join("master.key")).unwrap();
    server.stop();
    let mut places = vec![("the log".to_owned(), server.log().into_bytes())];
    for file in std::fs::read_dir(server.data()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() && !path.ends_with("master.key") {
            places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    assert!(places.len() >= 2 && places.iter().any(|(_, bytes)| bytes.len() > 10_000));
    let decode =
        |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    for (place, bytes) in &places {
        let holds =
            |needle: &[u8]| needle.len() >= 16 && bytes.windows(needle.len()).any(|window| window == needle);
        for secret in secrets.iter().chain([&key.trim().to_owned()]) {
            assert!(!holds(secret.as_bytes()), "{place} holds {secret}");
            // The raw secret, behind the prefix and the id that may be known.
            let raw = decode(secret.get(4..).unwrap_or_default());
            assert!(!holds(raw.get(16..48).unwrap_or_default()), "{place} holds the bytes of {secret}");
        }
        // PKCS #8 of a P-256 key begins so.
        assert!(
            !holds(b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
            "{place}"
        );
    }
}
