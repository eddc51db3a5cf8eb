//! `cargo xtask fmt`: rustfmt over the whole workspace.

use anyhow::Result;

use crate::process::{cargo, run as run_command};

pub fn run(arguments: &[String]) -> Result<()> {
    let check = crate::only_flag(arguments, "--check")?;
    let mut command = cargo(&["fmt", "--all"]);
    if check {
        command.arg("--check");
    }
    run_command(&mut command)
}
