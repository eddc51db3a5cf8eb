//! Promise 1: a copy of the data folder, of the write-ahead log or of the server's log at its most talkative lets nobody in.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use counterfoil_tests::{Browser, PASSWORD, Server};
use serde_json::json;

const WRONG: &str = "a wrong password nobody has";
const CHANGED: &str = "the changed password of bob";

/// Uses everything that takes or gives a secret; the secrets.
fn secrets_of_a_busy_day(server: &Server) -> Vec<(&'static str, String)> {
    let mut secrets: Vec<(&str, String)> =
        [("password", PASSWORD), ("wrong password", WRONG), ("changed password", CHANGED)]
            .map(|(name, text)| (name, text.to_owned()))
            .into();
    let service = server.json(&["client", "add", "--id", "api1", "--name", "API", "--service"]);
    let secret = service["secret"].as_str().unwrap().to_owned();
    let basic = format!("Basic {}", STANDARD.encode(format!("api1:{secret}")));

    let bob = json!({"email": "bob@example.test", "password": PASSWORD, "client_id": "recorded"});
    server.post("/v1/users", &[], &json!({"email": "bob@example.test", "password": PASSWORD}));
    server.post("/v1/login", &[], &json!({"email": "bob@example.test", "password": WRONG}));
    server.post("/v1/login", &[], &json!({"email": PASSWORD, "password": "x"}));
    server.post("/v1/login", &[], &json!({"email": "bob@example.test", "password": {"x": PASSWORD}}));
    let login = server.post("/v1/login", &[], &bob);
    let token = login.text("access_token");
    let bearer = format!("Bearer {token}");
    let next = server.refresh(&login.text("refresh_token"));
    let cookie = server.log_in("bob@example.test", "cookie").cookie();
    let stateless = server.log_in("bob@example.test", "jwt").text("access_token");
    server.get("/v1/me", &[("cookie", &cookie)]);
    server.get("/v1/me", &[("authorization", &bearer)]);
    server.get("/v1/me", &[("authorization", &format!("{bearer}x"))]);
    server.get(&format!("/v1/me?access_token={token}"), &[]);
    let renewed = server.post("/v1/renew", &[("authorization", &format!("Bearer {stateless}"))], &json!({}));
    server.post_form("/oauth/introspect", &[("authorization", &basic)], &[("token", &token)]);
    let post = [("token", token.as_str()), ("client_id", "api1"), ("client_secret", &secret)];
    server.post_form("/oauth/introspect", &[], &post);
    server.post_form(
        "/oauth/revoke",
        &[("authorization", &basic)],
        &[("token", &next.text("refresh_token"))],
    );
    server.get("/v1/me", &[("authorization", &bearer)]);
    let again = server.post("/v1/login", &[], &bob);
    let change = json!({"current": PASSWORD, "new": CHANGED});
    let headers = [
        ("authorization", format!("Bearer {}", again.text("access_token"))),
        ("content-type", "application/json".to_owned()),
    ];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    server.send("PUT", "/v1/me/password", &headers, Some(change.to_string()));

    let link = server.json(&["setup-link"])["url"].as_str().unwrap().to_owned();
    let link = link.split_once("/setup").unwrap().1.to_owned();
    let mut browser = Browser::open(server, &format!("/setup{link}"));
    let account = [("email", "root@example.test"), ("password", PASSWORD)];
    assert_eq!(browser.submit("/setup", &account), 303);
    secrets.push(("page's session", browser.jar["session"].clone()));
    browser.submit("/logout", &[]);

    server.json(&["client", "edit", "recorded", "--refresh-window", "0s"]);
    let robbed = server.log_in("root@example.test", "recorded");
    let thief = server.refresh(&robbed.text("refresh_token"));
    std::thread::sleep(std::time::Duration::from_millis(5));
    assert_eq!(server.refresh(&robbed.text("refresh_token")).text("cause"), "refresh_token_reused");

    secrets.push(("cookie", cookie.split_once('=').unwrap().1.to_owned()));
    secrets.push(("set-up link", link.split_once('=').unwrap().1.to_owned()));
    secrets.push(("client secret", secret));
    secrets.push(("basic credentials", basic.split_once(' ').unwrap().1.to_owned()));
    for (name, token) in
        [("first", &login), ("next", &next), ("again", &again), ("robbed", &robbed), ("thief", &thief)]
    {
        secrets.push((name, token.text("refresh_token")));
        secrets.push((name, token.text("access_token")));
    }
    secrets.push(("stateless", stateless));
    secrets.push(("renewed", renewed.text("access_token")));
    secrets
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && !path.ends_with("master.key") {
            files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    files
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    needle.len() >= 8 && bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn no_secret_of_a_whole_day_is_in_a_file_or_in_the_log() {
    let mut server = Server::prepared();
    server.start(&["--log-level", "trace"]);
    let secrets = secrets_of_a_busy_day(&server);
    // While it runs and after it has died the write-ahead log is there as well.
    let mut places = files(&server.data());
    server.kill();
    places.extend(files(&server.data()));
    places.push(("the log".to_owned(), server.log().into_bytes()));
    assert!(places.iter().any(|(name, bytes)| name.ends_with("-wal") && bytes.len() > 10_000));
    assert!(server.log().contains("used twice"), "the log says something: {}", server.log());
    let key = std::fs::read_to_string(server.data().join("master.key")).unwrap();
    let mut looked_for = 0;
    for (place, bytes) in &places {
        assert!(!holds(bytes, key.trim().as_bytes()), "{place} holds the master key");
        for (name, secret) in &secrets {
            assert!(!holds(bytes, secret.as_bytes()), "{place} holds {name}: {secret}");
            // Of a JWT the claims may be known, and the signature may not.
            if let [_, _, signature] = secret.split('.').collect::<Vec<_>>()[..] {
                assert!(!holds(bytes, signature.as_bytes()), "{place} holds the signature of {name}");
                let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
                assert!(!holds(bytes, &signature), "{place} holds the bytes of the signature of {name}");
            }
            // Behind the prefix and the id, which may be known, stands what may not.
            let raw = secret.get(4..).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).unwrap_or_default();
            for part in raw.get(16..).unwrap_or_default().chunks_exact(12) {
                looked_for += 1;
                assert!(!holds(bytes, part), "{place} holds bytes of {name}");
            }
        }
        // PKCS #8 of a P-256, an Ed25519 and an RSA key begin so.
        for private in [
            &b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04"[..],
            b"\x30\x05\x06\x03\x2b\x65\x70\x04",
            b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04",
            b"PRIVATE KEY",
        ] {
            assert!(!holds(bytes, private), "{place} holds a private key");
        }
    }
    assert!(looked_for > 20 * places.len(), "{looked_for}");
    // What is looked for can be found: the address of a user, which is no secret, is in the files.
    assert!(places.iter().any(|(_, bytes)| holds(bytes, b"bob@example.test")));
}
