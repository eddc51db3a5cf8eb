//! `cargo xtask test`: the documentation's examples and every test.
//!
//! The examples come first, so that the summary of the tests is the last thing to read. With arguments, only the
//! test runner is started, with those arguments.

use anyhow::Result;

use crate::process::{cargo, run as run_command};
use crate::programs::Purpose;
use crate::setup;

pub fn run(arguments: &[String]) -> Result<()> {
    setup::ensure(&[Purpose::Tests])?;
    let runner: &[&str] = match setup::ensure(&[Purpose::Runner]) {
        Ok(()) => &["nextest", "run"],
        Err(reason) => {
            eprintln!("{reason:#}\nGoing on with `cargo test`, which runs the same tests more slowly.");
            &["test", "--no-fail-fast"]
        }
    };
    // The tests of the whole binary start this one.
    run_command(&mut cargo(&["build", "--package", "counterfoil-server"]))?;
    if arguments.is_empty() {
        run_command(&mut cargo(&["test", "--doc", "--workspace"]))?;
    }
    run_command(cargo(runner).args(["--workspace", "--all-targets"]).args(arguments))
}
