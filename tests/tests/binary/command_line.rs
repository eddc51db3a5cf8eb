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

#[test]
fn every_command_answers_with_json() {
    let server = Server::started();
    server.ann("recorded");
    let members = |arguments: &[&str], input: &str, wanted: &[&str]| {
        let answer = server.json_with(arguments, input);
        for member in wanted {
            assert!(answer.get(member).is_some(), "{arguments:?} has no {member}: {answer}");
        }
        answer
    };
    let user = ["id", "email", "name", "admin", "disabled_at", "created_at"];
    let add = ["user", "add", "--email", "bob@example.test", "--name", "Bob", "--password-stdin"];
    members(&add, PASSWORD, &user);
    for verb in ["show", "promote", "demote", "disable", "enable"] {
        let told = members(&["user", verb, "bob@example.test"], "", &user);
        assert_eq!(told["admin"], verb == "promote", "{verb}");
        assert_eq!(told["disabled_at"].is_string(), verb == "disable", "{verb}");
    }
    members(&["user", "set-password", "bob@example.test", "--password-stdin"], "other good words", &user);
    let first = members(&["user", "list", "--limit", "1"], "", &["items", "next"]);
    let second = members(&["user", "list", "--cursor", first["next"].as_str().unwrap()], "", &["items"]);
    assert_eq!(second["items"][0]["email"], "ann@example.test");

    let client = ["id", "name", "kind", "mode", "audience", "algorithm", "lifetimes", "claims"];
    members(&["client", "add", "--id", "x", "--name", "X", "--mode", "jwt"], "", &client);
    members(&["client", "show", "x"], "", &client);
    let edited = members(&["client", "edit", "x", "--access", "5m"], "", &client);
    assert_eq!((&edited["lifetimes"]["access"], &edited["mode"]), (&json!(300), &json!("jwt")));
    assert!(members(&["client", "list"], "", &["items"])["items"].as_array().unwrap().len() >= 5);
    members(&["client", "add", "--id", "s", "--name", "S", "--service"], "", &["id", "secret"]);
    members(&["client", "rotate-secret", "s"], "", &["id", "secret"]);
    members(&["client", "delete", "x"], "", &["revoked"]);

    let report = ["revoked", "sessions", "tokens", "sequence", "dry_run", "verifiers", "took_ms"];
    let session = members(&["session", "list", "--state", "alive"], "", &["items", "next"]);
    let session = session["items"][0]["id"].as_str().unwrap().to_owned();
    let token = members(&["token", "list", "--session", &session], "", &["items"]);
    let token = token["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(members(&["token", "revoke", "--token", &token, "--dry-run"], "", &report)["revoked"], 1);
    members(&["token", "revoke", "--token", &token, "--reason", "lost"], "", &report);
    assert_eq!(members(&["session", "revoke", "--session", &session], "", &report)["revoked"], 1);
    assert_eq!(members(&["session", "revoke", "--all"], "", &report)["revoked"], 0);
    let keys = members(&["key", "list"], "", &["items"]);
    assert!(members(&["key", "rotate"], "", &["items"]) != keys);
    let link = members(&["setup-link"], "", &["url"]);
    assert!(link["url"].as_str().unwrap().starts_with(&server.url), "{link}");
    // Without --json it is text for people.
    let table = server.run(&["user", "list"], "");
    assert!(String::from_utf8(table.stdout).unwrap().contains("bob@example.test"));
}

#[test]
fn a_password_never_comes_from_an_argument_and_is_asked_for_only_at_a_terminal() {
    let server = Server::prepared();
    let told = |arguments: &[&str], input: &str| {
        let output = server.run(arguments, input);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let add = ["user", "add", "--email", "c@example.test"];
    assert!(told(&[&add, &["--password", PASSWORD][..]].concat(), "").contains("unexpected argument"));
    assert!(told(&add, PASSWORD).contains("--password-stdin"));
    assert!(told(&[&add[..], &["--password-stdin"]].concat(), "\n").contains("no password"));
    assert!(told(&[&add[..], &["--password-stdin"]].concat(), "short\n").contains("8"));
}

#[test]
fn a_configuration_that_is_wrong_is_refused_with_its_line() {
    let server = Server::empty(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counterfoil.toml");
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let output = server.command().args(["config", "check", "--config"]).arg(&file).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    for (text, told) in [
        ("[server]\nlisten = \"127.0.0.1:1\"\nlissten = 1\n", "line 3: unknown field `lissten`"),
        ("[sesions]\n", "line 1: unknown field `sesions`"),
        ("\n[passwords]\nqueue = \"many\"\n", "line 3"),
        ("[server\n", "line 1"),
        ("[keys]\nrotation = \"7 moons\"\n", "line 2"),
    ] {
        let (good, said) = check(text);
        assert!(!good && said.contains(told) && said.contains("counterfoil.toml"), "{text}: {said}");
    }
    let template = server.command().args(["config", "template"]).output().unwrap().stdout;
    let template = String::from_utf8(template).unwrap();
    assert_eq!(check(&template), (true, String::new()));
    let everything = template.replace("#:", "");
    assert_eq!(check(&everything), (true, String::new()), "each default can be written out");
    let missing = server.command().args(["config", "check", "--config", "/nowhere.toml"]).output().unwrap();
    assert!(!missing.status.success());

    // The server takes it, the environment goes over the file, and a flag over both.
    std::fs::write(&file, "[sign_up]\nopen = false\n[passwords]\nmin_length = 20\n").unwrap();
    let mut server = Server::empty(&[("COUNTERFOIL_PASSWORDS_MIN_LENGTH", "30")]);
    server.start(&["--config", file.to_str().unwrap()]);
    let account = json!({"email": "a@example.test", "password": PASSWORD});
    server.post("/v1/users", &[], &account).assert_problem(403, "sign_up_closed");
    let add = ["user", "add", "--email", "a@example.test", "--password-stdin"];
    let output = server.run(&add, "a password of 28 characters.");
    assert!(String::from_utf8(output.stderr).unwrap().contains("30"));
}

#[test]
fn the_description_is_served_as_it_is_printed() {
    let server = Server::started();
    let printed = server.command().arg("openapi").output().unwrap().stdout;
    let printed: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(server.get("/openapi.json", &[]).json(), printed);
    // The paths of the design's section 7.
    for (path, method) in [
        ("/v1/users", "post"),
        ("/v1/login", "post"),
        ("/v1/logout", "post"),
        ("/v1/me", "get"),
        ("/v1/sessions", "get"),
        ("/v1/sessions", "delete"),
        ("/v1/sessions/{id}", "delete"),
        ("/oauth/token", "post"),
        ("/oauth/introspect", "post"),
        ("/oauth/revoke", "post"),
        ("/verify", "get"),
        ("/v1/admin/sessions", "get"),
        ("/v1/admin/tokens", "get"),
        ("/v1/admin/revocations", "post"),
        ("/v1/admin/users", "get"),
        ("/v1/admin/clients", "get"),
        ("/v1/admin/keys", "get"),
        ("/v1/admin/audit", "get"),
    ] {
        assert!(printed["paths"][path][method].is_object(), "{method} {path}");
    }
}
