//! Each mode from sign-up to log-out, as a client sees it.

use counterfoil_tests::{PASSWORD, Server};
use serde_json::json;

#[test]
fn a_cookie_login_from_sign_up_to_log_out() {
    let server = Server::started();
    let sign_up = json!({"email": "bob@example.test", "password": PASSWORD, "name": "Bob"});
    assert_eq!(server.post("/v1/users", &[], &sign_up).status, 201);
    let cookie = server.log_in("bob@example.test", "cookie").cookie();
    let second = server.log_in("bob@example.test", "cookie").cookie();
    let me = server.get("/v1/me", &[("cookie", &cookie)]).json();
    assert_eq!((me["mode"].as_str(), me["user"]["name"].as_str()), (Some("cookie"), Some("Bob")));
    let mine = server.get("/v1/sessions", &[("cookie", &cookie)]).json();
    assert_eq!(mine["items"].as_array().unwrap().len(), 2);
    let same = [("cookie", cookie.as_str()), ("origin", &server.url)];
    assert_eq!(server.send("DELETE", "/v1/sessions", &same, None).json()["sessions"], 1);
    assert!(!server.accepts(&("cookie", second)));
    let out = server.post("/v1/logout", &same, &json!({}));
    assert_eq!(out.json()["revoked"], true);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert!(out.header("clear-site-data").is_some());
    server.get("/v1/me", &[("cookie", &cookie)]).assert_problem(401, "revoked");
}

#[test]
fn a_stateless_login_is_renewed_and_cannot_be_taken_back() {
    let server = Server::started();
    let token = server.ann("jwt");
    let renewed = server.post("/v1/renew", &[(token.0, &token.1)], &json!({}));
    assert!(renewed.json().get("refresh_token").is_none());
    let out = server.post("/v1/logout", &[(token.0, &token.1)], &json!({})).json();
    assert_eq!(out["revoked"], false);
    assert!(out["valid_until"].is_string());
    assert!(server.accepts(&token));
    let book = server.get("/v1/admin/tokens", &[(token.0, &token.1)]).json();
    assert_eq!(book["items"], json!([]), "nothing is kept");
}

#[test]
fn a_recorded_login_is_in_the_book_and_dies_by_every_selection() {
    let server = Server::started();
    let user = server.add_user("bob@example.test", false);
    let admin = server.ann("recorded");
    let admin = [(admin.0, admin.1.as_str())];
    let revoke = |select: serde_json::Value| {
        let count =
            server.post("/v1/admin/revocations", &admin, &json!({"select": select, "dry_run": true})).json();
        let done = server
            .post("/v1/admin/revocations", &admin, &json!({"select": select, "reason": "a test"}))
            .json();
        assert_eq!(
            (&count["revoked"], &count["sessions"], &count["tokens"]),
            (&done["revoked"], &done["sessions"], &done["tokens"])
        );
        assert!(count["dry_run"] == true && done["dry_run"] == false);
        done["revoked"].as_u64().unwrap()
    };
    for by in ["token", "session", "user", "issued_before"] {
        let login = server.log_in("bob@example.test", "recorded");
        let bearer = ("authorization", format!("Bearer {}", login.text("access_token")));
        assert!(server.accepts(&bearer));
        let tokens = server.get(&format!("/v1/admin/tokens?user={user}&state=alive"), &admin).json();
        let token = &tokens["items"][0];
        assert_eq!(token["user"]["email"], "bob@example.test");
        let select = match by {
            "token" => json!({"token": token["id"]}),
            "session" => json!({"session": token["session_id"]}),
            "user" => json!({"user": user}),
            _ => json!({"user": user, "issued_before": "2100-01-01T00:00:00Z"}),
        };
        assert_eq!(revoke(select), 1, "{by}");
        assert!(!server.accepts(&bearer), "{by}");
        let state =
            server.get(&format!("/v1/admin/tokens?q={}", token["id"].as_str().unwrap()), &admin).json();
        assert_eq!(state["items"][0]["state"], "revoked", "{by}");
        if by == "token" {
            let next = server.refresh(&login.text("refresh_token"));
            assert_eq!(next.status, 200, "its session goes on");
            revoke(json!({"user": user}));
        }
    }
    let alive = server.get("/v1/admin/sessions?state=alive", &admin).json();
    assert_eq!(alive["items"].as_array().unwrap().len(), 1);
    assert!(revoke(json!({"all": true})) >= 1);
    assert_eq!(server.get("/v1/admin/sessions", &admin).status, 401, "everything is everything");
}

#[test]
fn a_client_changes_its_mode_while_the_server_runs_and_nobody_is_logged_out() {
    let server = Server::started();
    let (cookie, recorded, stateless) = (server.ann("cookie"), server.ann("recorded"), server.ann("jwt"));
    for (client, mode) in [("cookie", "recorded"), ("recorded", "jwt"), ("jwt", "recorded")] {
        server.json(&["client", "edit", client, "--mode", mode]);
    }
    for login in [&cookie, &recorded, &stateless] {
        assert!(server.accepts(login));
    }
    assert!(server.log_in("ann@example.test", "cookie").json()["refresh_token"].is_string());
    assert!(server.log_in("ann@example.test", "recorded").json().get("refresh_token").is_none());
    let renewed = server.post("/v1/renew", &[(stateless.0, &stateless.1)], &json!({})).json();
    assert!(renewed["session_id"].is_string(), "a stateless login gets its session: {renewed}");
}

#[test]
fn only_administrators_see_the_book() {
    let server = Server::started();
    server.add_user("bob@example.test", false);
    let bob = server.log_in("bob@example.test", "recorded").text("access_token");
    for path in ["sessions", "tokens", "users", "clients", "keys", "audit", "verifiers"] {
        let path = format!("/v1/admin/{path}");
        server.get(&path, &[]).assert_problem(401, "no_credential");
        server.get(&path, &[("authorization", &format!("Bearer {bob}"))]).assert_problem(403, "forbidden");
    }
    let everything = json!({"select": {"all": true}});
    server.post("/v1/admin/revocations", &[], &everything).assert_problem(401, "no_credential");
}
