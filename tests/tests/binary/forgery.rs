//! Credentials that nobody was given: altered, cut, forged, meant for somebody else, or out of their time.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterfoil_tests::{Raw, RawAnswer, Server, claims_of};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// A P-256 key in PKCS #8 that is none of the server's, made for this test.
const FOREIGN_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvxJwqSZ1IB6s+BQ5QAK8RBcetaSLyMV3A8VfNfl63FKh\
    RANCAARk2xpKq3C2ayMKfrL+krN4bNP7RqqJa04znLdU7a7fw1JUk+8luAK0Pj+yNzdIr4rQ8KmkO6q5IbviUzT2EXA+";

fn refused(answer: Option<RawAnswer>, what: &str) {
    // Nothing, when the bytes were no HTTP.
    let Some(answer) = answer else { return };
    assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
    if answer.head.contains("application/problem+json") {
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(problem["code"].is_string(), "{what}: {answer:?}");
    } else {
        assert_eq!((answer.status, answer.body.as_str()), (400, ""), "{what}: {answer:?}");
    }
}

/// Every bit flipped, whatever byte becomes of it; every length; and what can be added to it.
fn nothing_near_it_is_accepted(server: &Server, header: &str, prefix: &str, credential: &str) {
    let mut raw = Raw::to(server);
    let mut send = |value: &[u8]| raw.me(header, &[prefix.as_bytes(), value].concat());
    assert_eq!(send(credential.as_bytes()).unwrap().status, 200);
    for bit in 0..credential.len() * 8 {
        let mut bytes = credential.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused(send(&bytes), &format!("bit {bit} of {credential}"));
    }
    for end in 0..credential.len() {
        refused(send(&credential.as_bytes()[..end]), &format!("cut at {end}"));
    }
    for end in ["A", "=", "==", ".", "%00", "\u{e9}", "\"", " x", ",x"] {
        refused(send(format!("{credential}{end}").as_bytes()), end);
    }
    refused(send(credential.to_ascii_uppercase().as_bytes()), "upper case");
    refused(send(credential.to_ascii_lowercase().as_bytes()), "lower case");
    assert_eq!(send(credential.as_bytes()).unwrap().status, 200, "and it is as good as before");
}

#[test]
fn nothing_near_a_cookie_is_accepted() {
    let server = Server::started();
    let cookie = server.ann("cookie").1;
    let (name, value) = cookie.split_once('=').unwrap();
    nothing_near_it_is_accepted(&server, "Cookie", &format!("{name}="), value);
}

#[test]
fn nothing_near_a_token_is_accepted() {
    let server = Server::started();
    for client in ["recorded", "jwt"] {
        let token = server.ann(client).1;
        nothing_near_it_is_accepted(&server, "Authorization", "Bearer ", token.trim_start_matches("Bearer "));
    }
}

#[test]
fn nothing_near_a_refresh_token_is_taken_for_one() {
    let server = Server::started();
    let token = server.log_in("ann@example.test", "recorded").text("refresh_token");
    let refresh = |text: &str| {
        server.post_form("/oauth/token", &[], &[("grant_type", "refresh_token"), ("refresh_token", text)])
    };
    let alterations = (0..token.len() * 8).filter_map(|bit| {
        let mut bytes = token.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    });
    let cuts = (1..token.len()).map(|end| token[..end].to_owned());
    let additions = ["A", "=", "\0", " "].map(|end| format!("{token}{end}"));
    for text in alterations.chain(cuts).chain(additions) {
        let answer = refresh(&text);
        assert_eq!((answer.status, answer.text("error")), (400, "invalid_grant".to_owned()), "{text:?}");
        assert_eq!(answer.text("cause"), "unknown_token", "{text:?}");
    }
    assert_eq!(refresh(&token).status, 200, "and none of it was taken for theft");
}

#[test]
fn a_token_of_a_foreign_key_is_refused_whatever_it_says() {
    let server = Server::started();
    let token = server.log_in("ann@example.test", "recorded").text("access_token");
    let ours = jsonwebtoken::decode_header(&token).unwrap();
    let key = EncodingKey::from_ec_der(&STANDARD.decode(FOREIGN_KEY).unwrap());
    let jwk = json!({"kty": "EC", "crv": "P-256", "alg": "ES256",
        "x": "ZNsaSqtwtmsjCn6y_pKzeGzT-0aqiWtOM5y3VO2u38M",
        "y": "UlST7yW4ArQ-P7I3N0ivitDwqaQ7qrkhu-JTNPYRcD4"});
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some("at+jwt".to_owned());
    for (kid, why) in [
        (ours.kid.clone(), "signature"),
        (Some("foreign".to_owned()), "unknown_key"),
        (None, "malformed_token"),
    ] {
        header.kid = kid;
        // Where the key lies, in the token's own words (RFC 7515, section 4.1).
        for own in [None, Some(serde_json::from_value(jwk.clone()).unwrap())] {
            header.jwk = own;
            header.jku = header.jwk.is_some().then(|| "http://127.0.0.1:9/jwks.json".to_owned());
            let forged = encode(&header, &claims_of(&token), &key).unwrap();
            let answer = server.get("/v1/me", &[("authorization", &format!("Bearer {forged}"))]);
            answer.assert_problem(401, "bad_credential");
            assert!(answer.text("detail").contains(why), "{why}: {answer:?}");
        }
    }
}

#[test]
fn a_token_for_somebody_else_or_of_another_issuer_is_refused() {
    let mut server = Server::started();
    let recorded = server.ann("recorded");
    let stateless = server.ann("jwt");
    let detail = |login: &(&str, String)| {
        let answer = server.get("/v1/me", &[(login.0, &login.1)]);
        answer.assert_problem(401, "bad_credential");
        answer.text("detail")
    };
    server.json(&["client", "edit", "recorded", "--audience", "another-api"]);
    assert!(detail(&recorded).contains("wrong_audience"));
    server.json(&["client", "edit", "recorded", "--audience", "another-api", "--audience", "api"]);
    assert!(server.accepts(&recorded), "an audience more does no harm");
    server.json(&["client", "delete", "jwt"]);
    assert!(detail(&stateless).contains("unknown_client"));
    server.stop();
    server.start(&["--public-url", "http://127.0.0.1:7", "--change-issuer"]);
    let answer = server.get("/v1/me", &[(recorded.0, &recorded.1)]);
    answer.assert_problem(401, "bad_credential");
    assert!(answer.text("detail").contains("wrong_issuer"), "{answer:?}");
}

#[test]
fn a_token_of_each_mode_is_refused_once_its_time_is_over() {
    let server = Server::started();
    let logins = ["jwt", "recorded"].map(|client| {
        server.json(&["client", "edit", client, "--access", "5s"]);
        let answer = server.log_in("ann@example.test", client);
        assert!(answer.json()["expires_in"].as_u64().unwrap() <= 5);
        ("authorization", format!("Bearer {}", answer.text("access_token")))
    });
    assert!(logins.iter().all(|login| server.accepts(login)));
    let started = Instant::now();
    while logins.iter().any(|login| server.accepts(login)) {
        assert!(started.elapsed() < Duration::from_secs(12), "they never expire");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(started.elapsed() > Duration::from_secs(3), "{:?}", started.elapsed());
    for login in &logins {
        server.get("/v1/me", &[(login.0, &login.1)]).assert_problem(401, "expired");
    }
    // The clocks of several nodes may differ a little, which gives nobody more time here.
    let renewed = server.post("/v1/renew", &[(logins[0].0, &logins[0].1)], &json!({}));
    renewed.assert_problem(401, "expired");
}
