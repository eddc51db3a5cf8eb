//! The store goes away and comes back.

use serde_json::json;

use crate::house::{House, Shared, until};

#[test]
fn postgres_is_killed_and_started_again() {
    sessions_are_gone_and_back(Shared::Postgres);
}

#[test]
fn redis_is_killed_and_started_again() {
    sessions_are_gone_and_back(Shared::PostgresAndRedis);
}

/// The store of sessions is killed and started again, with what it had.
fn sessions_are_gone_and_back(shared: Shared) {
    let mut house = House::with(shared, 2);
    let admin = house.one().ann("recorded");
    let (kept, ended) = (house.other().ann("recorded"), house.other().log_in("ann@example.test", "recorded"));
    let header = ("authorization", format!("Bearer {}", ended.text("access_token")));
    for login in [&kept, &header] {
        assert!(house.nodes.iter().all(|node| node.accepts(login)));
    }
    let body = json!({"select": {"session": ended.text("session_id")}});
    assert_eq!(house.one().post("/v1/admin/revocations", &[(admin.0, &admin.1)], &body).json()["revoked"], 1);

    match &mut house.redis {
        Some(redis) => redis.kill(),
        None => house.postgres.kill(),
    }
    for node in &house.nodes {
        until("readiness is false", || node.get("/readyz", &[]).status == 503);
        let login = node.log_in("ann@example.test", "recorded");
        login.assert_problem(503, "store_unavailable");
        // What was revoked is refused, whatever the view's age; what was not is refused once nobody can tell.
        let refused = |answer: counterfoil_tests::Answer| matches!(answer.status, 401 | 503);
        assert!(refused(node.get("/v1/me", &[(header.0, &header.1)])));
        until("a stale view is not trusted", || node.get("/v1/me", &[(kept.0, &kept.1)]).status == 503);
    }

    match &mut house.redis {
        Some(redis) => redis.start_again(),
        None => house.postgres.start_again(),
    }
    for node in &house.nodes {
        until("readiness is true again", || node.get("/readyz", &[]).status == 200);
        until("the login goes on", || node.get("/v1/me", &[(kept.0, &kept.1)]).status == 200);
        assert!(!node.accepts(&header), "what was revoked before stays revoked");
        assert_eq!(node.log_in("ann@example.test", "recorded").status, 200);
    }
    // And the nodes hear of one another again.
    let again = house.one().ann("recorded");
    assert!(house.other().accepts(&again));
    let out = house.one().send("POST", "/v1/logout", &[(again.0, &again.1)], None);
    assert_eq!(out.status, 200);
    until("the other node knows of it", || !house.other().accepts(&again));
}

#[test]
fn a_frozen_redis_is_not_waited_for_and_goes_on() {
    let house = House::with(Shared::PostgresAndRedis, 1);
    let login = house.one().ann("recorded");
    let redis = house.redis.as_ref().unwrap();
    redis.pause();
    until("readiness is false", || house.one().get("/readyz", &[]).status == 503);
    let asked = std::time::Instant::now();
    house.one().log_in("ann@example.test", "recorded").assert_problem(503, "store_unavailable");
    assert!(asked.elapsed() < std::time::Duration::from_secs(10), "{:?}", asked.elapsed());
    redis.resume();
    until("the login goes on", || house.one().get("/v1/me", &[(login.0, &login.1)]).status == 200);
    assert_eq!(house.one().log_in("ann@example.test", "recorded").status, 200);
}

#[test]
fn an_emptied_redis_lets_nothing_revoked_back_in() {
    use std::io::{Read as _, Write as _};
    let house = House::with(Shared::PostgresAndRedis, 2);
    let admin = house.one().ann("recorded");
    let alive = house.other().ann("recorded");
    let revoked = house.other().log_in("ann@example.test", "recorded");
    let header = ("authorization", format!("Bearer {}", revoked.text("access_token")));
    for node in &house.nodes {
        assert!(node.accepts(&alive) && node.accepts(&header));
    }
    let body = json!({"select": {"session": revoked.text("session_id")}});
    assert_eq!(house.one().post("/v1/admin/revocations", &[(admin.0, &admin.1)], &body).json()["revoked"], 1);
    until("the other node refuses it too", || !house.other().accepts(&header));

    let url = house.redis.as_ref().unwrap().url();
    let address = url.trim_start_matches("redis://").split('/').next().unwrap().to_owned();
    let mut redis = std::net::TcpStream::connect(address).unwrap();
    redis.write_all(b"FLUSHALL\r\n").unwrap();
    assert!(redis.read(&mut [0; 16]).unwrap() > 0);

    let refused = |node: &counterfoil_tests::Server, login: &(&str, String)| {
        node.get("/v1/me", &[(login.0, &login.1)]).status != 200
    };
    for node in &house.nodes {
        let took = until("everything that was given out before ends", || {
            assert!(refused(node, &header), "what was revoked is let in");
            refused(node, &alive)
        });
        assert!(took < std::time::Duration::from_secs(2), "{took:?}");
        assert_eq!(node.get("/v1/me", &[(alive.0, &alive.1)]).json()["code"], "revoked");
    }
    // People log in again, and nobody is sent away a second time.
    let again = house.one().ann("recorded");
    for _ in 0..20 {
        for node in &house.nodes {
            assert!(node.accepts(&again) && refused(node, &header));
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
