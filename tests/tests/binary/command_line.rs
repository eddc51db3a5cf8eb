//! The command line beside a running server.

use counterfoil_tests::{PASSWORD, Server};
use serde_json::json;

#[test]
fn what_is_done_at_the_command_line_is_honoured_at_once() {
    let server = Server::started();
    let user = server.add_user("bob@example.test", false);
    for _ in 0..10 {
        let login = server.log_in("bob@example.test", "recorded");
        let bearer = ("authorization", format!("Bearer {}", login.text("access_token")));
        assert!(server.accepts(&bearer));
        let counted = server.json(&["session", "revoke", "--user", &user, "--dry-run"]);
        let done = server.json(&["session", "revoke", "--user", &user]);
        assert_eq!((&counted["revoked"], &done["revoked"]), (&json!(1), &json!(1)));
        assert!(!server.accepts(&bearer));
    }
    let cookie = server.log_in("bob@example.test", "cookie").cookie();
    server.json(&["user", "disable", "bob@example.test"]);
    assert!(!server.accepts(&("cookie", cookie)));
    assert_eq!(server.log_in("bob@example.test", "cookie").status, 401);
    server.json(&["user", "enable", &user]);
    server.json_with(
        &["user", "set-password", "bob@example.test", "--password-stdin"],
        "another good password\n",
    );
    assert_eq!(server.log_in("bob@example.test", "cookie").status, 401, "with the old password");
    let bearer = server.ann("recorded");
    let token = server.json(&["token", "list", "--user", "ann@example.test"])["items"][0]["id"].clone();
    assert_eq!(server.json(&["token", "revoke", "--token", token.as_str().unwrap()])["tokens"], 1);
    assert!(!server.accepts(&bearer));
    server.json(&["client", "delete", "cookie"]);
    server.log_in("ann@example.test", "cookie").assert_problem(422, "unknown_client");
}

#[test]
fn exit_codes_tell_what_happened() {
    let server = Server::started();
    let code = |arguments: &[&str], input: &str| {
        let output = server.run(arguments, input);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap(), told)
    };
    assert_eq!(code(&["user", "list", "--json"], "").0, 0);
    assert_eq!(code(&["user", "list", "--no-such-flag"], "").0, 2);
    assert_eq!(code(&["session", "revoke"], "").0, 2, "revoking nothing in particular is no wish");
    let (missing, told) = code(&["user", "show", "nobody@example.test"], "");
    assert!(missing == 3 && told.starts_with("error: "), "{told}");
    let add = ["user", "add", "--email", "ann@example.test", "--password-stdin"];
    let (taken, told) = code(&add, PASSWORD);
    assert!(taken == 4 && told.contains("hint: "), "{told}");
    let (weak, told) = code(&["user", "add", "--email", "c@example.test", "--password-stdin"], "password\n");
    assert!(weak == 4 && told.contains("common"), "{told}");
    let (refused, told) = code(&["client", "add", "--name", "x", "--claim", "sub=1", "--json"], "");
    assert_ne!(refused, 0);
    let told: serde_json::Value = serde_json::from_str(told.trim()).unwrap();
    assert!(told["error"]["message"].as_str().unwrap().contains("sub"), "{told}");
    let nowhere = server.command().args(["user", "list", "--data", "/nowhere/at/all"]).output().unwrap();
    assert!(!nowhere.status.success());
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("no data folder"));
}

#[test]
fn there_is_help_a_description_and_completions() {
    let server = Server::empty(&[]);
    let run = |arguments: &[&str]| {
        let output = server.command().args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run(&["--help"]).contains("Exit codes"));
    for command in ["serve", "user", "client", "session", "token", "key", "setup-link"] {
        assert!(run(&[command, "--help"]).contains("Usage"), "{command}");
    }
    let openapi: serde_json::Value = serde_json::from_str(&run(&["openapi"])).unwrap();
    assert!(openapi["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(openapi["paths"]["/v1/login"]["post"].is_object());
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completions", shell]).contains("counterfoil"));
    }
    let folder = tempfile_path(&run(&["config", "template"]).replace("#:queue = 64", "queue = 64\nqueu = 1"));
    let check = server.command().args(["config", "check", "--config"]).arg(&folder).output().unwrap();
    let told = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(!check.status.success() && told.contains("line ") && told.contains("queu"), "{told}");
}

fn tempfile_path(text: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("counterfoil-config-{}.toml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_setup_link_makes_one_administrator() {
    let server = Server::started();
    let link = |server: &Server| server.json(&["setup-link"])["url"].as_str().unwrap().to_owned();
    let path = |link: &str| link.split_once("/setup").map(|(_, rest)| format!("/setup{rest}")).unwrap();
    let first = path(&link(&server));
    let second = path(&link(&server));
    assert_ne!(server.get(&first, &[]).status, 200, "a fresh link replaces the one before");
    let page = server.get(&second, &[]);
    assert_eq!(page.status, 200);
    let nonce = page.cookie();
    let field = |name: &str| {
        let at = page.body.split(&format!("name=\"{name}\"")).nth(1).unwrap();
        at.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let form_token =
        ["form", "form_token", "csrf"].iter().find(|name| page.body.contains(&format!("name=\"{name}\"")));
    let form_token = *form_token.unwrap_or_else(|| panic!("no form token: {}", page.body));
    let body = format!(
        "{form_token}={}&token={}&email=root%40example.test&name=&password=four+unrelated+plain+words",
        field(form_token),
        second.split_once('=').unwrap().1
    );
    let headers = [
        ("cookie", nonce.as_str()),
        ("origin", server.url.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let made = server.send("POST", "/setup", &headers, Some(body.clone()));
    assert_eq!(made.status, 303, "{made:?}");
    assert_ne!(server.send("POST", "/setup", &headers, Some(body)).status, 303, "once");
    let root = server.log_in("root@example.test", "recorded").text("access_token");
    assert_eq!(server.get("/v1/admin/users", &[("authorization", &format!("Bearer {root}"))]).status, 200);
}
