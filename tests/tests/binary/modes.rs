//! Each mode from sign-up to log-out, as a client sees it.

use std::time::Duration;

use counterfoil_tests::{PASSWORD, Server, claims_of};
use serde_json::{Value, json};

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_principal_has_one_shape_in_every_mode() {
    let server = Server::started();
    let seen = ["cookie", "jwt", "recorded"].map(|mode| {
        let claims = ["--claim", "mail=user.email", "--claim", "tier=\"gold\""];
        server.json(&[&["client", "edit", mode], &claims[..]].concat());
        let login = server.ann(mode);
        let me = server.get("/v1/me", &[(login.0, &login.1)]);
        assert_eq!(me.header("content-type"), Some("application/json"));
        me.json()
    });
    for (me, mode) in seen.iter().zip(["cookie", "jwt", "recorded"]) {
        assert_eq!(members(me), ["claims", "client_id", "mode", "session", "user"]);
        assert_eq!(members(&me["user"]), ["email", "id", "name"]);
        assert_eq!((&me["mode"], &me["client_id"]), (&json!(mode), &json!(mode)));
        assert_eq!(me["claims"], json!({"mail": "ann@example.test", "tier": "gold"}));
        assert_eq!(me["user"], seen[0]["user"]);
        match mode {
            "jwt" => assert_eq!(me["session"], Value::Null),
            _ => assert_eq!(members(&me["session"]), ["auth_time", "id"]),
        }
    }
}

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
fn a_recorded_login_from_sign_up_to_log_out() {
    let server = Server::started();
    let sign_up = json!({"email": "bob@example.test", "password": PASSWORD, "name": "Bob"});
    assert_eq!(server.post("/v1/users", &[], &sign_up).status, 201);
    server.post("/v1/users", &[], &sign_up).assert_problem(409, "email_taken");
    let [mine, lost] = [(); 2].map(|()| server.log_in("bob@example.test", "recorded"));
    let bearer = |token: String| ("authorization", format!("Bearer {token}"));
    let (first, other) = (bearer(mine.text("access_token")), bearer(lost.text("access_token")));
    let next = server.refresh(&mine.text("refresh_token"));
    assert_eq!((next.status, next.text("session_id")), (200, mine.text("session_id")));
    let now = bearer(next.text("access_token"));
    assert!(server.accepts(&first) && server.accepts(&now) && first != now);

    let me = [(now.0, now.1.as_str())];
    let sessions = server.get("/v1/sessions", &me).json();
    let current: Vec<_> = sessions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| (&session["id"], &session["current"]))
        .collect();
    let (mine_id, lost_id) = (json!(mine.text("session_id")), json!(lost.text("session_id")));
    assert_eq!(current, [(&lost_id, &json!(false)), (&mine_id, &json!(true))]);

    // Nobody ends what is another's, nor learns that it is there.
    let ann = server.ann("recorded");
    let path = format!("/v1/sessions/{}", lost.text("session_id"));
    server.send("DELETE", &path, &[(ann.0, &ann.1)], None).assert_problem(404, "not_found");
    assert!(server.accepts(&other));
    assert_eq!(server.send("DELETE", &path, &me, None).json()["revoked"], 1);
    server.get("/v1/me", &[(other.0, &other.1)]).assert_problem(401, "revoked");
    assert_eq!(server.refresh(&lost.text("refresh_token")).text("cause"), "session_ended");

    assert_eq!(server.post("/v1/logout", &me, &json!({})).json()["revoked"], true);
    for token in [first, now] {
        server.get("/v1/me", &[(token.0, &token.1)]).assert_problem(401, "revoked");
    }
    for token in [mine.text("refresh_token"), next.text("refresh_token")] {
        assert_eq!(server.refresh(&token).text("cause"), "session_ended");
    }
}

#[test]
fn a_stateless_login_is_renewed_up_to_its_absolute_limit() {
    let server = Server::started();
    let minute = ["--access", "1m", "--idle", "1m", "--refresh", "1m", "--absolute", "1m"];
    server.json(&[&["client", "edit", "jwt"], &minute[..]].concat());
    let first = server.log_in("ann@example.test", "jwt").text("access_token");
    let begun = claims_of(&first)["auth_time"].as_i64().unwrap();
    // Were the limit counted from each renewal, those from now on would pass it: jitter takes up to three seconds.
    std::thread::sleep(Duration::from_millis(1500));
    let mut token = first.clone();
    let expiries: Vec<_> = (0..40)
        .map(|_| {
            let renewed =
                server.post("/v1/renew", &[("authorization", &format!("Bearer {token}"))], &json!({}));
            token = renewed.text("access_token");
            let claims = claims_of(&token);
            assert_eq!(claims["auth_time"], begun);
            assert_ne!(claims["jti"], claims_of(&first)["jti"]);
            assert!(claims.get("sid").is_none());
            claims["exp"].as_i64().unwrap()
        })
        .collect();
    assert_eq!(expiries.iter().max(), Some(&(begun + 60)), "{expiries:?}");
}

#[test]
fn renewal_is_where_a_stateless_login_can_be_stopped() {
    let server = Server::started();
    let user = server.add_user("bob@example.test", false);
    let token = format!("Bearer {}", server.log_in("bob@example.test", "jwt").text("access_token"));
    let renew = |token: &str| server.post("/v1/renew", &[("authorization", token)], &json!({}));
    assert_eq!(renew(&token).status, 200);
    let report = server.json(&["session", "revoke", "--user", &user]);
    assert!(report["stateless_until"].is_string(), "it is told what cannot be taken back: {report}");
    renew(&token).assert_problem(401, "revoked");
    assert!(server.accepts(&("authorization", token)), "and until it expires it is valid");
    let recorded = server.log_in("bob@example.test", "recorded").text("access_token");
    renew(&format!("Bearer {recorded}")).assert_problem(409, "not_stateless");
    renew("Bearer x").assert_problem(401, "bad_credential");
    let cookie = server.log_in("bob@example.test", "cookie").cookie();
    server.post("/v1/renew", &[("cookie", &cookie)], &json!({})).assert_problem(401, "no_credential");
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
    let revoke = |select: Value| {
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
fn a_client_goes_through_all_modes_and_the_logins_of_each_go_on() {
    let server = Server::started();
    let mut logins = Vec::new();
    let mut refresh_tokens = Vec::new();
    for mode in ["cookie", "recorded", "jwt", "cookie"] {
        server.json(&["client", "edit", "cookie", "--mode", mode]);
        let login = server.log_in("ann@example.test", "cookie");
        assert_eq!(login.text("mode"), mode, "the running server knows it at once");
        logins.push(match mode {
            "cookie" => ("cookie", login.cookie()),
            _ => ("authorization", format!("Bearer {}", login.text("access_token"))),
        });
        refresh_tokens.extend(login.json()["refresh_token"].as_str().map(str::to_owned));
        assert!(logins.iter().all(|login| server.accepts(login)), "{mode}");
        for token in &mut refresh_tokens {
            let next = server.refresh(token);
            assert_eq!(next.status, 200, "{mode}: {next:?}");
            *token = next.text("refresh_token");
        }
    }
    let same_origin = ("sec-fetch-site", "same-origin");
    for (header, value) in &logins {
        server.post("/v1/logout", &[(header, value), same_origin], &json!({}));
    }
    let left: Vec<_> = logins.iter().map(|login| server.accepts(login)).collect();
    assert_eq!(left, [false, false, true, false], "all but the stateless one are over");
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
