//! What is done at one node is known at the other.

use std::time::Duration;

use counterfoil_tests::{PASSWORD, Server, claims_of};
use serde_json::json;

use crate::house::{House, Shared, until};

#[test]
fn a_login_made_at_one_node_is_checked_refreshed_and_ended_at_another() {
    for shared in Shared::ALL {
        let house = House::with(shared, 2);
        for mode in ["cookie", "jwt", "recorded"] {
            let login = house.one().ann(mode);
            assert!(house.other().accepts(&login), "{mode}");
        }
        let login = house.one().log_in("ann@example.test", "recorded");
        let next = house.other().refresh(&login.text("refresh_token"));
        assert_eq!(next.status, 200);
        let header = ("authorization", format!("Bearer {}", next.text("access_token")));
        assert!(house.one().accepts(&header));
        let out = house.other().send("POST", "/v1/logout", &[(header.0, &header.1)], None);
        assert_eq!(out.json()["revoked"], true);
        assert!(!house.other().accepts(&header));
        until("the first node knows of it", || !house.one().accepts(&header));
        assert_eq!(house.one().refresh(&next.text("refresh_token")).status, 400);
    }
}

#[test]
fn what_is_revoked_at_one_node_is_refused_at_the_other_within_milliseconds() {
    for shared in Shared::ALL {
        let house = House::with(shared, 2);
        let admin = house.one().ann("recorded");
        let mut took = Vec::new();
        for number in 0..30 {
            let victim = house.other().log_in("ann@example.test", "recorded");
            let header = ("authorization", format!("Bearer {}", victim.text("access_token")));
            assert!(house.other().accepts(&header), "it is kept in memory there now");
            let selection = match number % 2 {
                0 => json!({"session": victim.text("session_id")}),
                _ => json!({"token": claims_of(&victim.text("access_token"))["jti"]}),
            };
            let body = json!({"select": selection});
            let revoked = house.one().post("/v1/admin/revocations", &[(admin.0, &admin.1)], &body);
            assert_eq!(revoked.json()["revoked"], 1, "{revoked:?}");
            took.push(until("refused", || !house.other().accepts(&header)));
        }
        took.sort();
        println!(
            "acknowledged at one node to refused at the other: median {:?}, most {:?}",
            took[15], took[29]
        );
        assert!(took[15] < Duration::from_millis(100), "{took:?}");
    }
}

#[test]
fn keys_clients_and_users_are_those_of_all_nodes() {
    for shared in Shared::ALL {
        let house = House::with(shared, 2);
        let before = house.one().ann("recorded");
        let jwks = house.one().get("/.well-known/jwks.json", &[]).body;
        // By a command, on the data folder of neither server that answers below.
        house.one().json(&["key", "rotate"]);
        until("both publish the new keys", || {
            let now = house.nodes.iter().map(|node| node.get("/.well-known/jwks.json", &[]).body);
            let now: Vec<_> = now.collect();
            now[0] != jwks && now[0] == now[1]
        });
        let after = house.one().ann("recorded");
        assert!(house.other().accepts(&before) && house.other().accepts(&after), "nobody is logged out");
        house.one().json(&["client", "add", "--id", "new", "--name", "New", "--mode", "recorded"]);
        until("the other node knows the client", || {
            house.other().log_in("ann@example.test", "new").status == 200
        });
        let user = house.other().add_user("bob@example.test", false);
        let bob = house.one().log_in("bob@example.test", "recorded");
        let header = ("authorization", format!("Bearer {}", bob.text("access_token")));
        assert!(house.one().accepts(&header) && house.other().accepts(&header));
        house.other().json(&["user", "disable", &user]);
        for node in &house.nodes {
            until("a disabled user is refused", || !node.accepts(&header));
            assert_eq!(node.log_in("bob@example.test", "recorded").status, 401);
        }
    }
}

#[test]
fn a_node_joins_and_leaves_without_a_word_to_the_others() {
    let mut house = House::with(Shared::Postgres, 1);
    let login = house.one().ann("recorded");
    house.join();
    assert!(house.other().accepts(&login));
    // One that dies takes nothing along.
    let mut first = house.nodes.remove(0);
    first.kill();
    assert!(house.one().accepts(&login));
    assert_eq!(house.one().log_in("ann@example.test", "recorded").status, 200);
    house.join();
    assert!(house.other().accepts(&login));
}

#[test]
fn a_node_with_another_master_key_is_refused_and_leaves_no_key() {
    let house = House::with(Shared::Postgres, 1);
    let url = house.accounts.as_str();
    let keyless = [("COUNTERFOIL_ACCOUNTS", url), ("COUNTERFOIL_SESSIONS", url)];
    let stranger = Server::empty(&keyless);
    let output = stranger.run(&["user", "add", "--email", "eve@example.test", "--password-stdin"], PASSWORD);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(told.contains("master key") && told.contains("COUNTERFOIL_MASTER_KEY"), "{told}");
    assert!(!stranger.data().join("master.key").exists(), "the key that was made is of no use to anybody");
    assert!(!told.contains("postgres://"), "a URL may hold a password: {told}");
}
