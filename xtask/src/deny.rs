//! `cargo xtask deny`: what the dependencies may be (deny.toml), and whether one has a known hole.
//!
//! The advisories are fetched from the network. A machine that cannot reach them still checks everything else,
//! and says loudly that it did not check this.

use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, command_line, run as run_command};
use crate::programs::Purpose;
use crate::setup;

pub fn run(arguments: &[String]) -> Result<()> {
    crate::no_arguments(arguments)?;
    setup::ensure(&[Purpose::Deny])?;
    run_command(&mut cargo(&["deny", "check", "licenses", "bans", "sources"]))?;
    advisories()
}

fn advisories() -> Result<()> {
    let mut command = cargo(&["deny", "check", "advisories"]);
    command.env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null());
    let line = command_line(&command);
    eprintln!("$ {line}");
    let output = command.output().with_context(|| format!("starting `{line}`"))?;
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprint!("{said}");
    if output.status.success() {
        return Ok(());
    }
    if out_of_reach(&said) {
        eprintln!("{UNCHECKED}");
        return Ok(());
    }
    bail!("`{line}` failed ({})", output.status)
}

/// Whether the failure is that the advisory database could not be fetched, and not what is in it.
fn out_of_reach(said: &str) -> bool {
    said.contains("failed to fetch advisory database")
}

const UNCHECKED: &str = "\
!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
!! ADVISORIES NOT CHECKED: the advisory database is out of reach from this machine.
!! Nothing is known about holes in the dependencies until `cargo xtask deny` runs with a network.
!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_fetch_is_forgiven() {
        assert!(out_of_reach(
            "[ERROR] failed to fetch advisory database somewhere with cli: failed to clone"
        ));
        assert!(!out_of_reach("error[vulnerability]: a hole in a crate\nadvisories FAILED"));
    }
}
