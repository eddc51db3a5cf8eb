//! Two nodes on one PostgreSQL.

use std::time::{Duration, Instant};

use counterfoil_store_testkit::servers::postgres::Postgres;
use counterfoil_tests::Server;

/// The nodes, and the database that they share.
pub struct House {
    pub nodes: Vec<Server>,
    pub database: Postgres,
    pub url: String,
}

/// The key that all nodes have.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

impl House {
    pub fn with(nodes: usize) -> Self {
        let database = Postgres::start();
        let url = database.create_database();
        let mut first = Server::prepared_with(&environment(&url));
        first.start(&[]);
        let mut house = Self { nodes: vec![first], database, url };
        for _ in 1..nodes {
            house.join();
        }
        house
    }

    /// One more node.
    pub fn join(&mut self) {
        self.nodes.push(Server::node(&environment(&self.url)));
    }

    pub fn one(&self) -> &Server {
        &self.nodes[0]
    }

    pub fn other(&self) -> &Server {
        &self.nodes[1]
    }
}

fn environment(url: &str) -> [(&'static str, &str); 3] {
    [("COUNTERFOIL_ACCOUNTS", url), ("COUNTERFOIL_SESSIONS", url), ("COUNTERFOIL_MASTER_KEY", MASTER_KEY)]
}

/// Waits until something holds; how long it took.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "not within twenty seconds: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    begun.elapsed()
}
