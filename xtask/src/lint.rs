//! `cargo xtask lint`: clippy over every target; which lints, says the workspace's Cargo.toml.

use anyhow::Result;

use crate::process::{cargo, run as run_command};

pub fn run(arguments: &[String]) -> Result<()> {
    crate::no_arguments(arguments)?;
    run_command(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}
