//! The contract of the sessions port written in the plainest way, and random commands run against it and a store.

mod book;
mod command;
mod contest;

use std::future::Future;

use proptest::test_runner::{Config, TestRunner};

use crate::SessionNodes;
use contest::Contest;

/// How many sequences of commands are tried, and how long each is at most.
const CASES: u32 = 64;
const LENGTH: usize = 40;

/// Runs random sequences of commands, each on a fresh store, and holds every answer against the model's. A sequence that
/// fails is made as short as it can be before it is told.
pub fn agrees<F: Future<Output = SessionNodes>>(fresh: impl Fn() -> F) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let commands = proptest::collection::vec(command::command(), 1..LENGTH);
    let outcome = TestRunner::new(config).run(&commands, |commands| {
        crate::run(async {
            let mut contest = Contest::new(fresh().await).await;
            for command in commands {
                contest.play(command).await;
            }
            contest.finish().await;
        });
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
