//! Death without a warning while sessions are being ended: what was acknowledged as revoked stays so.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use counterfoil_tests::Server;
use serde_json::json;

/// Does something for each login on several connections, and kills the server in the middle of it; for which of them it
/// was acknowledged.
fn interrupted<'a, L: Sync>(
    server: &Server,
    logins: &'a [L],
    act: impl Fn(&L) -> bool + Sync,
) -> (Vec<&'a L>, usize) {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let pid = server.pid().to_string();
    let acknowledged = std::thread::scope(|scope| {
        let actors: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut acknowledged = Vec::new();
                    while let Some(login) = logins.get(next.fetch_add(1, Ordering::SeqCst)) {
                        if !act(login) {
                            break;
                        }
                        acknowledged.push(login);
                        if done.fetch_add(1, Ordering::SeqCst) == logins.len() / 3 {
                            Command::new("kill").args(["-9", &pid]).status().unwrap();
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        actors.into_iter().flat_map(|actor| actor.join().unwrap()).collect::<Vec<_>>()
    });
    let left = logins.len() - acknowledged.len();
    assert!(acknowledged.len() > logins.len() / 3 && left > 0, "it was not in the middle: {left} left");
    (acknowledged, left)
}

#[test]
fn what_was_revoked_before_a_crash_is_refused_after_it() {
    let mut server = Server::started();
    let logins: Vec<_> = (0..150)
        .map(|n| match n % 2 {
            0 => server.ann("cookie"),
            _ => server.ann("recorded"),
        })
        .collect();
    let out = |login: &(&str, String)| {
        let headers =
            [(login.0, login.1.as_str()), ("origin", &server.url), ("content-type", "application/json")];
        let answer = server.try_send("POST", "/v1/logout", &headers, Some("{}".to_owned()));
        answer.is_ok_and(|answer| answer.status == 200)
    };
    let (acknowledged, left) = interrupted(&server, &logins, out);
    server.kill();
    server.start(&[]);
    assert!(acknowledged.iter().all(|login| !server.accepts(login)), "what is revoked stays so");
    let alive = logins.iter().filter(|login| server.accepts(login)).count();
    // Each of the four may have been in flight.
    assert!((left - 4..=left).contains(&alive), "{alive} of {left}");
}

#[test]
fn refreshes_interrupted_by_a_crash_log_nobody_out() {
    let mut server = Server::started();
    let tokens: Vec<_> =
        (0..90).map(|_| server.log_in("ann@example.test", "recorded").text("refresh_token")).collect();
    let refresh = |token: &String| {
        let form = format!("grant_type=refresh_token&refresh_token={token}");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = server.try_send("POST", "/oauth/token", &headers, Some(form));
        answer.is_ok_and(|answer| answer.status == 200)
    };
    let (acknowledged, _) = interrupted(&server, &tokens, refresh);
    assert!(acknowledged.len() > 30);
    server.kill();
    server.start(&[]);
    // Whoever got an answer has its successor; whoever got none asks once more with what they have.
    for token in &tokens {
        assert_eq!(server.refresh(token).status, 200);
    }
}

#[test]
fn a_crash_during_the_first_start_is_no_harm() {
    for wait in [0, 5, 15, 40] {
        let mut server = Server::empty(&[
            ("COUNTERFOIL_PASSWORDS_MEMORY_KIB", "64"),
            ("COUNTERFOIL_PASSWORDS_ITERATIONS", "1"),
        ]);
        let mut command = server.command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(server.data());
        let mut first = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        first.kill().unwrap();
        first.wait().unwrap();
        server.start(&[]);
        let account = json!({"email": "bob@example.test", "password": counterfoil_tests::PASSWORD});
        assert_eq!(server.post("/v1/users", &[], &account).status, 201, "killed after {wait} ms");
        assert_eq!(server.post("/v1/login", &[], &account).status, 200);
    }
}
