//! `cargo xtask doc`: the documentation of what is public builds without a warning.

use anyhow::Result;

use crate::process::{cargo, run as run_command};

pub fn run(arguments: &[String]) -> Result<()> {
    crate::no_arguments(arguments)?;
    run_command(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}
