//! Refresh under races and replays, over HTTP.

use std::collections::HashSet;

use counterfoil_tests::{Server, claims_of};

#[test]
fn racers_get_one_answer_and_nobody_is_logged_out() {
    let server = Server::started();
    for _ in 0..5 {
        let first = server.log_in("ann@example.test", "recorded").text("refresh_token");
        let answers: Vec<_> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..64).map(|_| scope.spawn(|| server.refresh(&first))).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert!(answers.iter().all(|answer| answer.status == 200));
        let successors: HashSet<_> = answers.iter().map(|answer| answer.text("refresh_token")).collect();
        let claims: HashSet<_> = answers
            .iter()
            .map(|answer| answer.text("access_token").split('.').nth(1).unwrap().to_owned())
            .collect();
        assert_eq!((successors.len(), claims.len()), (1, 1));
        for answer in answers {
            assert!(server.accepts(&("authorization", format!("Bearer {}", answer.text("access_token")))));
        }
    }
}

#[test]
fn a_repeat_within_the_window_gets_the_same_answer() {
    let server = Server::started();
    let first = server.log_in("ann@example.test", "recorded").text("refresh_token");
    let answers: Vec<_> = (0..3).map(|_| server.refresh(&first)).collect();
    let told = |answer: &counterfoil_tests::Answer| {
        (answer.text("refresh_token"), claims_of(&answer.text("access_token")))
    };
    assert!(answers.iter().all(|answer| told(answer) == told(&answers[0])));
    assert_ne!(answers[0].text("refresh_token"), first);
    // The answer that came first is as good as the one that came last, and goes on from there.
    let next = server.refresh(&answers[0].text("refresh_token"));
    assert_eq!(next.status, 200);
    assert_ne!(told(&next), told(&answers[0]));
    assert!((server.metric("counterfoil_refreshes_converged_total") - 2.0).abs() < f64::EPSILON);
}

#[test]
fn each_refused_refresh_says_why_and_touches_no_cookie() {
    let server = Server::started();
    let login = server.log_in("ann@example.test", "recorded");
    let cookie = server.ann("cookie").1;
    let token = login.text("refresh_token");
    let refused = |fields: &[(&str, &str)], status: u16, error: &str, cause: Option<&str>| {
        let answer = server.post_form("/oauth/token", &[("cookie", &cookie)], fields);
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.text("error"), error, "{answer:?}");
        assert!(!answer.text("error_description").is_empty());
        assert_eq!(answer.json()["cause"].as_str(), cause, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("set-cookie"), None);
    };
    let grant = ("grant_type", "refresh_token");
    let token = ("refresh_token", token.as_str());
    refused(&[token], 400, "invalid_request", None);
    refused(&[grant], 400, "invalid_request", None);
    refused(&[grant, token, token], 400, "invalid_request", None);
    refused(&[("grant_type", "password"), token], 400, "unsupported_grant_type", None);
    let unknown = Some("unknown_token");
    refused(&[grant, ("refresh_token", "cfr_x")], 400, "invalid_grant", unknown);
    refused(&[grant, ("refresh_token", &login.text("access_token"))], 400, "invalid_grant", unknown);
    refused(&[grant, token, ("client_id", "jwt")], 400, "invalid_grant", unknown);
    assert_eq!(server.refresh(token.1).status, 200, "none of it used the token up");
    server.json(&["user", "disable", "ann@example.test"]);
    refused(&[grant, token], 400, "invalid_grant", Some("session_ended"));
}

#[test]
fn a_replay_after_the_window_ends_the_session_and_says_why() {
    let server = Server::started();
    server.json(&["client", "edit", "recorded", "--refresh-window", "0s"]);
    let login = server.log_in("ann@example.test", "recorded");
    let next = server.refresh(&login.text("refresh_token"));
    std::thread::sleep(std::time::Duration::from_millis(5));
    let replay = server.refresh(&login.text("refresh_token"));
    assert_eq!(replay.status, 400);
    assert_eq!(
        (replay.text("error"), replay.text("cause")),
        ("invalid_grant".into(), "refresh_token_reused".into())
    );
    assert_eq!(replay.header("set-cookie"), None);
    assert_eq!(replay.header("cache-control"), Some("no-store"));
    assert!(!server.accepts(&("authorization", format!("Bearer {}", next.text("access_token")))));
    assert_eq!(server.refresh(&next.text("refresh_token")).text("cause"), "refresh_token_reused");
    let sessions = server.json(&["session", "list"]);
    assert_eq!(sessions["items"][0]["ended"]["reason"], "refresh_reused");
}
