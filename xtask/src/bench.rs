//! `cargo xtask bench`: the load generator and yardsticks, in a release build.

use anyhow::Result;

use crate::process::{cargo, run as run_command};
use crate::programs::Purpose;
use crate::setup;

pub fn run(arguments: &[String]) -> Result<()> {
    setup::ensure(&[Purpose::Bench])?;
    // `cargo xtask bench -- --quick` says the same as `cargo xtask bench --quick`.
    let arguments = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    run_command(cargo(&["run", "--release", "--package", "counterfoil-bench", "--"]).args(arguments))
}
