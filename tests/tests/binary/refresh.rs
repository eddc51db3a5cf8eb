//! Refresh under races and replays, over HTTP.

use std::collections::HashSet;

use counterfoil_tests::Server;

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
