//! `cargo xtask setup`: puts the programs that the checks need on this machine, when it may.
//!
//! It says nothing when all is there. Debian packages need root, or sudo that asks for no password; without
//! either, it says what is missing and the one command to run, and fails.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{cargo, output_of, run as run_command, succeeds};
use crate::programs::{self, PROGRAMS, Program, Purpose};

pub fn run(arguments: &[String]) -> Result<()> {
    let mut purposes = vec![Purpose::Tests, Purpose::Runner, Purpose::Deny];
    if crate::only_flag(arguments, "--bench")? {
        purposes.push(Purpose::Bench);
    }
    ensure(&purposes)
}

/// Makes sure that everything needed for these purposes is there.
pub fn ensure(purposes: &[Purpose]) -> Result<()> {
    let missing = programs::missing(PROGRAMS, purposes, programs::is_present);
    if missing.is_empty() {
        return Ok(());
    }
    if let Err(error) = install(&missing) {
        bail!("{error:#}; {}", programs::report(&missing));
    }
    let still = programs::missing(PROGRAMS, purposes, programs::is_present);
    if !still.is_empty() {
        bail!("installed, and yet {}", programs::report(&still));
    }
    Ok(())
}

fn install(missing: &[Program]) -> Result<()> {
    let packages = programs::debian_packages(missing);
    if !packages.is_empty() {
        install_debian(&packages)?;
    }
    for (package, version) in programs::cargo_packages(missing) {
        run_command(&mut cargo(&["install", "--locked", package, "--version", version]))?;
    }
    Ok(())
}

fn install_debian(packages: &[&str]) -> Result<()> {
    if programs::find("apt-get").is_empty() {
        bail!("there is no apt-get to install packages with");
    }
    let prefix: &[&str] = match rights() {
        Rights::Root => &[],
        Rights::Sudo => &["sudo", "-n"],
        Rights::None => bail!("installing packages needs root, or sudo without a password"),
    };
    // An old package list is better than none: only the installation itself must succeed.
    if let Err(error) = run_command(&mut apt_get(prefix, &["update"])) {
        eprintln!("{error:#}; going on with the package lists that are there");
    }
    let mut command = apt_get(prefix, &["install", "-y", "--no-install-recommends"]);
    run_command(command.args(packages))
}

fn apt_get(prefix: &[&str], arguments: &[&str]) -> Command {
    // `env` and not the environment, because sudo does not pass that on.
    let mut words =
        prefix.iter().chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]).chain(arguments);
    let mut command = Command::new(words.next().unwrap_or(&"env"));
    command.args(words);
    command
}

enum Rights {
    Root,
    Sudo,
    None,
}

fn rights() -> Rights {
    let user = output_of(Command::new("id").arg("-u"));
    if user.is_ok_and(|id| id.trim() == "0") {
        return Rights::Root;
    }
    if succeeds(Command::new("sudo").args(["-n", "true"])) { Rights::Sudo } else { Rights::None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::command_line;

    #[test]
    fn sudo_comes_first_when_it_is_needed() {
        let root = command_line(&apt_get(&[], &["update"]));
        assert_eq!(root, "env DEBIAN_FRONTEND=noninteractive apt-get update");
        let sudo = command_line(&apt_get(&["sudo", "-n"], &["update"]));
        assert_eq!(sudo, "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update");
    }
}
