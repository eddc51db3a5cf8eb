//! Signing keys: rotation, and what is published.

use base64::Engine as _;
use counterfoil_tests::Server;
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
fn a_key_type_is_published_only_when_a_client_signs_with_it() {
    let server = Server::started();
    let published = || {
        let jwks = server.get("/.well-known/jwks.json", &[]).json();
        let keys = jwks["keys"].as_array().unwrap().clone();
        for key in &keys {
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(key.get(private).is_none(), "{key}");
            }
            assert_eq!(key["use"], "sig");
        }
        let mut algorithms: Vec<_> = keys.iter().map(|key| key["alg"].as_str().unwrap().to_owned()).collect();
        algorithms.sort();
        algorithms.dedup();
        algorithms
    };
    assert_eq!(published(), ["ES256"]);
    server.json(&["client", "edit", "jwt", "--algorithm", "EdDSA"]);
    assert_eq!(published(), ["ES256", "EdDSA"]);
    server.json(&["client", "add", "--id", "old", "--name", "Old", "--algorithm", "RS256"]);
    assert_eq!(published(), ["ES256", "EdDSA", "RS256"]);
}

#[test]
fn a_second_rotation_still_logs_nobody_out_and_a_restart_neither() {
    let mut server = Server::started();
    let mut logins = vec![server.ann("recorded"), server.ann("jwt")];
    for _ in 0..3 {
        server.json(&["key", "rotate", "--algorithm", "ES256"]);
        logins.push(server.ann("jwt"));
        assert!(logins.iter().all(|login| server.accepts(login)));
    }
    server.stop();
    server.json(&["key", "rotate"]);
    server.start(&[]);
    assert!(logins.iter().all(|login| server.accepts(login)));
    let keys = server.json(&["key", "list"]);
    let state =
        |wanted: &str| keys["items"].as_array().unwrap().iter().filter(|key| key["state"] == wanted).count();
    assert_eq!((state("next"), state("active"), state("retiring")), (1, 1, 4));
}
