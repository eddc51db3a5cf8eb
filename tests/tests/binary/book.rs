//! The book as an administrator reads it: pages, filters, selections and the audit log; and who may not.

use std::collections::HashSet;

use counterfoil_tests::{Answer, PASSWORD, Server};
use serde_json::{Value, json};

struct Book<'a> {
    server: &'a Server,
    admin: (&'static str, String),
}

impl<'a> Book<'a> {
    fn of(server: &'a Server) -> Self {
        Self { server, admin: server.ann("recorded") }
    }

    fn get(&self, path: &str) -> Answer {
        self.server.get(path, &[(self.admin.0, &self.admin.1)])
    }

    fn ids(&self, path: &str) -> Vec<String> {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let answer = answer.json();
        let items = answer["items"].as_array().unwrap();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    fn revoke(&self, select: &Value, dry_run: bool) -> Answer {
        let body = json!({"select": select, "dry_run": dry_run, "reason": "a test"});
        self.server.post("/v1/admin/revocations", &[(self.admin.0, &self.admin.1)], &body)
    }
}

#[test]
fn pages_follow_one_another_without_a_gap_or_a_repeat() {
    let server = Server::started();
    server.add_user("bob@example.test", false);
    for _ in 0..8 {
        server.log_in("bob@example.test", "recorded");
    }
    let book = Book::of(&server);
    for kind in ["sessions", "tokens"] {
        let whole = book.ids(&format!("/v1/admin/{kind}?client=recorded&limit=200"));
        assert!(whole.len() >= 9, "{}", whole.len());
        assert!(whole.is_sorted_by(|newer, older| newer > older), "newest first");
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = book.get(&format!("/v1/admin/{kind}?client=recorded&limit=4{cursor}")).json();
            let items = page["items"].as_array().unwrap();
            assert!((1..=4).contains(&items.len()));
            paged.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
            // What is new meanwhile moves nothing.
            server.log_in("bob@example.test", "recorded");
        }
        assert_eq!(paged, whole);
        for bad in ["limit=0", "limit=201", "limit=x", "cursor=x", "state=odd", "sort=id", "limit=1&limit=2"]
        {
            book.get(&format!("/v1/admin/{kind}?{bad}")).assert_problem(400, "bad_query");
        }
    }
}

#[test]
fn each_filter_leaves_out_what_it_should() {
    let server = Server::started();
    let bob = server.add_user("bob@example.test", false);
    let agent = [("user-agent", "Telescope/7 (Bob's)")];
    let login = |client: &str| {
        let body = json!({"email": "bob@example.test", "password": PASSWORD, "client_id": client});
        assert_eq!(server.post("/v1/login", &agent, &body).status, 200);
    };
    login("recorded");
    login("cookie");
    let book = Book::of(&server);
    server.ann("cookie");
    let ended = book.ids("/v1/admin/sessions?client=cookie")[1].clone();
    assert_eq!(book.revoke(&json!({"session": ended}), false).json()["revoked"], 1);
    let of_bob = book.ids(&format!("/v1/admin/sessions?client=cookie&user={bob}")).contains(&ended);
    let ann = server.json(&["user", "show", "ann@example.test"])["id"].as_str().unwrap().to_owned();
    let token = book.ids(&format!("/v1/admin/tokens?user={bob}"))[0].clone();
    for (filter, count) in [("", 1), ("&state=alive", 1), ("&state=revoked", 0), ("&client=cookie", 0)] {
        assert_eq!(book.ids(&format!("/v1/admin/tokens?q={token}{filter}")).len(), count, "{filter}");
    }
    for (filter, count) in [
        ("".to_owned(), 4),
        (format!("user={bob}"), 2),
        ("client=cookie".to_owned(), 2),
        ("mode=recorded".to_owned(), 2),
        ("mode=jwt".to_owned(), 0),
        ("state=alive".to_owned(), 3),
        ("state=ended".to_owned(), 1),
        ("state=expired".to_owned(), 0),
        ("created_after=2020-01-01T00:00:00Z".to_owned(), 4),
        ("created_after=2100-01-01T00:00:00Z".to_owned(), 0),
        ("q=bob%40example".to_owned(), 2),
        ("q=telescope".to_owned(), 2),
        ("q=127.0.0.1".to_owned(), 4),
        ("q=nothing-like-it".to_owned(), 0),
        ("q=%25".to_owned(), 0),
        (format!("q={ended}"), 1),
        (format!("q={ended}&state=ended&client=cookie"), 1),
        (format!("q={ended}&state=alive"), 0),
        (format!("q={ended}&client=recorded"), 0),
        (format!("q={ended}&user={bob}"), usize::from(of_bob)),
        (format!("q={ann}"), 2),
        (format!("q={ann}&user={bob}"), 0),
        (format!("session={ended}"), 1),
        (format!("session={ended}&state=alive"), 0),
        (format!("user={bob}&client=recorded&state=alive&mode=recorded"), 1),
        (format!("user={bob}&client=cookie&state=alive"), 0),
    ] {
        assert_eq!(book.ids(&format!("/v1/admin/sessions?{filter}")).len(), count, "{filter}");
    }
    for (filter, count) in [("", 2), ("q=telescope", 1), ("state=revoked", 0), ("client=cookie", 0)] {
        assert_eq!(book.ids(&format!("/v1/admin/tokens?{filter}")).len(), count, "{filter}");
    }
    for (filter, count) in [("", 2), ("q=bob", 1), ("admin=true", 1), ("disabled=true", 0)] {
        assert_eq!(book.ids(&format!("/v1/admin/users?{filter}")).len(), count, "{filter}");
    }
}

#[test]
fn a_selection_ends_what_it_names_and_nothing_else() {
    let server = Server::started();
    let bob = server.add_user("bob@example.test", false);
    let book = Book::of(&server);
    let logins = |client: &str| {
        let login = server.log_in("bob@example.test", client);
        match client {
            "cookie" => ("cookie", login.cookie()),
            _ => ("authorization", format!("Bearer {}", login.text("access_token"))),
        }
    };
    let (old_cookie, old_token) = (logins("cookie"), logins("recorded"));
    let (new_cookie, new_token) = (logins("cookie"), logins("recorded"));
    let all = [&old_cookie, &old_token, &new_cookie, &new_token, &book.admin];
    let alive = || all.map(|login| server.accepts(login));
    let newer = book.get("/v1/admin/sessions?client=cookie&limit=1").json()["items"][0]["created_at"].clone();
    for (select, count, left) in [
        (json!({"client": "cookie", "issued_before": newer}), 1, [false, true, true, true, true]),
        (json!({"client": "jwt"}), 0, [false, true, true, true, true]),
        (json!({"client": "cookie"}), 1, [false, true, false, true, true]),
        (json!({"user": bob, "issued_before": newer}), 1, [false, false, false, true, true]),
        (json!({"user": bob, "client": "recorded"}), 1, [false, false, false, false, true]),
        (json!({"all": true}), 1, [false; 5]),
    ] {
        let before = alive();
        let counted = book.revoke(&select, true).json();
        assert_eq!(
            (&counted["revoked"], counted["dry_run"].as_bool()),
            (&json!(count), Some(true)),
            "{select}"
        );
        assert_eq!(alive(), before, "a dry run does nothing: {select}");
        let done = book.revoke(&select, false).json();
        assert_eq!(done["revoked"], counted["revoked"], "{select}");
        assert!(done["sequence"].as_u64().unwrap() > counted["sequence"].as_u64().unwrap(), "{done}");
        assert!(done["took_ms"].is_number() && done["verifiers"]["connected"] == 0, "{done}");
        assert_eq!(alive(), left, "{select}");
    }
    let book = Book::of(&server);
    for nothing in [json!({}), json!({"all": false}), json!({"all": true, "user": bob})] {
        book.revoke(&nothing, false).assert_problem(422, "bad_selection");
    }
    book.revoke(&json!({"usr": bob}), false).assert_problem(422, "invalid_body");
    assert!(server.accepts(&book.admin));
}

#[test]
fn the_audit_log_tells_who_did_what() {
    let server = Server::started();
    let bob = server.add_user("bob@example.test", false);
    let wrong = json!({"email": "bob@example.test", "password": "something else"});
    server.post("/v1/login", &[], &wrong).assert_problem(401, "invalid_credentials");
    let book = Book::of(&server);
    let (header, value) = &book.admin;
    let patch = |path: &str, body: &Value| {
        let headers = [(*header, value.as_str()), ("content-type", "application/json")];
        server.send("PATCH", path, &headers, Some(body.to_string()))
    };
    book.revoke(&json!({"user": bob}), false);
    assert_eq!(patch(&format!("/v1/admin/users/{bob}"), &json!({"disabled": true})).status, 200);
    assert_eq!(patch("/v1/admin/clients/jwt", &json!({"name": "Renamed"})).status, 200);
    assert_eq!(server.post("/v1/admin/keys/rotate", &[(header, value)], &json!({})).status, 200);
    server.json(&["key", "rotate"]);
    let log = book.get("/v1/admin/audit?limit=200").json();
    let entries = log["items"].as_array().unwrap();
    let ann = server.json(&["user", "show", "ann@example.test"])["id"].as_str().unwrap().to_owned();
    let ann = format!("user:{ann}");
    let has = |action: &str, actor: &str| {
        entries.iter().any(|entry| entry["action"] == action && (actor.is_empty() || entry["actor"] == actor))
    };
    for (action, actor) in [
        ("user_created", "command_line"),
        ("client_created", "command_line"),
        ("login_failed", ""),
        ("logged_in", &ann),
        ("revoked", &ann),
        ("user_changed", &ann),
        ("client_changed", &ann),
        ("keys_rotated", &ann),
        ("keys_rotated", "command_line"),
    ] {
        assert!(has(action, actor), "{action} by {actor}: {log:#}");
    }
    let text = log.to_string();
    assert!(!text.contains(PASSWORD) && !text.contains("something else"));
    let sequences: Vec<_> = entries.iter().map(|entry| entry["sequence"].as_u64().unwrap()).collect();
    assert!(sequences.is_sorted_by(|newer, older| newer > older), "{sequences:?}");
    let from = entries.iter().find(|entry| entry["action"] == "revoked").unwrap();
    assert_eq!(from["address"], "127.0.0.1");
}

/// Every route of the description, with what its placeholders stand for.
fn routes(server: &Server) -> Vec<(String, String, Value)> {
    let document = server.get("/openapi.json", &[]).json();
    let everywhere = document["security"].clone();
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let security = operation.get("security").unwrap_or(&everywhere).clone();
            routes.push((method.to_uppercase(), path.replace("{id}", "jwt"), security));
        }
    }
    routes
}

#[test]
fn no_route_is_open_that_should_not_be() {
    let server = Server::started();
    server.add_user("bob@example.test", false);
    let bob = format!("Bearer {}", server.log_in("bob@example.test", "recorded").text("access_token"));
    let mut seen = HashSet::new();
    for (method, path, security) in routes(&server) {
        let json = [("content-type", "application/json")];
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let (kind, body) = if path.starts_with("/oauth") { (form, "token=x") } else { (json, "{}") };
        let body = (method != "GET").then(|| body.to_owned());
        let send = |headers: &[(&str, &str)]| {
            server.send(&method, &path, &[&kind[..], headers].concat(), body.clone())
        };
        let answer = send(&[]);
        if security == json!([{}]) {
            assert_ne!(answer.status, 401, "{method} {path}: {answer:?}");
            seen.insert("public");
            continue;
        }
        assert_eq!(answer.status, 401, "{method} {path}: {answer:?}");
        assert!(answer.header("www-authenticate").is_some(), "{method} {path}: {answer:?}");
        if path.starts_with("/v1/admin/") {
            seen.insert("admin");
            let answer = send(&[("authorization", &bob)]);
            answer.assert_problem(403, "forbidden");
        } else if security == json!([{"client": []}]) {
            seen.insert("service");
            assert_eq!(send(&[("authorization", &bob)]).status, 401, "{method} {path}");
            assert_eq!(send(&[("authorization", "Basic cmVjb3JkZWQ6")]).status, 401, "{method} {path}");
        }
    }
    assert_eq!(seen.len(), 3);
}
