//! Nodes on the stores that they share.

use std::time::{Duration, Instant};

use counterfoil_store_testkit::servers::postgres::Postgres;
use counterfoil_store_testkit::servers::redis::Redis;
use counterfoil_tests::Server;

/// Where the nodes keep what they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// Everything on PostgreSQL.
    Postgres,
    /// Accounts on PostgreSQL, sessions on Redis.
    PostgresAndRedis,
}

/// The nodes, and the servers that they share.
pub struct House {
    pub nodes: Vec<Server>,
    pub postgres: Postgres,
    pub redis: Option<Redis>,
    pub accounts: String,
    environment: Vec<(&'static str, String)>,
}

/// The key that all nodes have.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

impl Shared {
    pub const ALL: [Self; 2] = [Self::Postgres, Self::PostgresAndRedis];
}

impl House {
    pub fn with(shared: Shared, nodes: usize) -> Self {
        let postgres = Postgres::start();
        let accounts = postgres.create_database();
        let redis = (shared == Shared::PostgresAndRedis).then(Redis::durable);
        let sessions = redis.as_ref().map_or_else(|| accounts.clone(), Redis::url);
        let environment = vec![
            ("COUNTERFOIL_ACCOUNTS", accounts.clone()),
            ("COUNTERFOIL_SESSIONS", sessions),
            ("COUNTERFOIL_MASTER_KEY", MASTER_KEY.to_owned()),
        ];
        let mut first = Server::prepared_with(&borrowed(&environment));
        first.start(&[]);
        let mut house = Self { nodes: vec![first], postgres, redis, accounts, environment };
        for _ in 1..nodes {
            house.join();
        }
        house
    }

    /// One more node.
    pub fn join(&mut self) {
        self.nodes.push(Server::node(&borrowed(&self.environment)));
    }

    pub fn one(&self) -> &Server {
        &self.nodes[0]
    }

    pub fn other(&self) -> &Server {
        &self.nodes[1]
    }
}

fn borrowed<'a>(environment: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
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
