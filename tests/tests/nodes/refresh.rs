//! Refreshes of one session over several nodes at once, with replies that get lost.

use std::collections::HashSet;
use std::time::Duration;

use counterfoil_tests::claims_of;
use serde_json::json;

use crate::house::{House, Shared};

/// Rounds of the short run; `COUNTERFOIL_TEST_ROUNDS` asks for a long one.
const ROUNDS: usize = 8;

#[test]
fn racers_at_three_nodes_get_one_answer_and_nobody_is_logged_out() {
    for shared in Shared::ALL {
        let house = House::with(shared, 3);
        let rounds = std::env::var("COUNTERFOIL_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
        let mut token = house.one().log_in("ann@example.test", "recorded").text("refresh_token");
        for round in 0..rounds.unwrap_or(ROUNDS) {
            let answers: Vec<_> = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..64)
                    .map(|number| {
                        let (nodes, token) = (&house.nodes, &token);
                        scope.spawn(move || {
                            // Every fourth reply is lost on the way, and asked for again at another node.
                            let first = nodes[number % 3].refresh(token);
                            if number % 4 == 0 { nodes[(number + 1) % 3].refresh(token) } else { first }
                        })
                    })
                    .collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).collect()
            });
            let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
            assert!(refused.is_empty(), "round {round}: {} of 64 refused: {:?}", refused.len(), refused[0]);
            let successors: HashSet<_> = answers.iter().map(|answer| answer.text("refresh_token")).collect();
            let claims: HashSet<_> = answers
                .iter()
                .map(|answer| claims_of(&answer.text("access_token"))["jti"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!((successors.len(), claims.len()), (1, 1), "round {round}");
            token = successors.into_iter().next().unwrap();
        }
    }
}

#[test]
fn a_replay_after_the_window_at_any_node_ends_the_session() {
    for shared in Shared::ALL {
        let house = House::with(shared, 2);
        house.one().json(&["client", "edit", "recorded", "--refresh-window", "1s"]);
        for replay_at in [1, 0] {
            let login = house.one().log_in("ann@example.test", "recorded");
            let stolen = login.text("refresh_token");
            let next = house.one().refresh(&stolen);
            assert_eq!(next.status, 200);
            std::thread::sleep(Duration::from_millis(1200));
            let replay = house.nodes[replay_at].refresh(&stolen);
            assert_eq!(replay.json()["cause"], json!("refresh_token_reused"), "{replay:?}");
            for node in &house.nodes {
                assert_eq!(node.refresh(&next.text("refresh_token")).status, 400);
            }
        }
    }
}
