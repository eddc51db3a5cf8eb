//! `cargo xtask`: everything a person types to work on Counterfoil, in one place.
//!
//! Each subcommand is one file with one `run` function, and one row of [`COMMANDS`].

mod arch;
mod bench;
mod ci;
mod deny;
mod doc;
mod file_length;
mod fmt;
mod lint;
mod openapi;
mod process;
mod programs;
mod setup;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

struct Subcommand {
    name: &'static str,
    arguments: &'static str,
    does: &'static str,
    run: fn(&[String]) -> Result<()>,
}

#[rustfmt::skip] // one row for each subcommand
const COMMANDS: &[Subcommand] = &[
    Subcommand { name: "setup", arguments: "[--bench]", does: "install the programs that the checks need (with --bench, the load generator too)", run: setup::run },
    Subcommand { name: "test", arguments: "[nextest args…]", does: "build the binary and run the tests; with arguments, only those tests", run: test::run },
    Subcommand { name: "fmt", arguments: "[--check]", does: "format the sources, or say what is not formatted", run: fmt::run },
    Subcommand { name: "lint", arguments: "", does: "clippy on everything, warnings are errors", run: lint::run },
    Subcommand { name: "doc", arguments: "", does: "build the documentation, warnings are errors", run: doc::run },
    Subcommand { name: "deny", arguments: "", does: "check licences, banned crates, sources and advisories of the dependencies", run: deny::run },
    Subcommand { name: "arch", arguments: "", does: "check the arrows between the crates and the length of the files", run: arch::run },
    Subcommand { name: "openapi", arguments: "[--check]", does: "write docs/openapi.json from the code, or compare it", run: openapi::run },
    Subcommand { name: "bench", arguments: "[args…]", does: "run the benches (release build); arguments go to the bench program", run: bench::run },
    Subcommand { name: "ci", arguments: "", does: "all checks in order, as the continuous integration runs them", run: ci::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        return help();
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        return help();
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        bail!("there is no subcommand `{name}`; `cargo xtask help` lists them");
    };
    let root = root()?;
    std::env::set_current_dir(&root).with_context(|| format!("entering {}", root.display()))?;
    (command.run)(rest)
}

/// The folder of the workspace. Cargo says at run time where this package is, which stays right when several
/// checkouts share a target folder.
fn root() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
    let root = Path::new(&package).parent().context("the xtask package has no parent folder")?;
    Ok(root.to_path_buf())
}

#[expect(clippy::print_stdout, reason = "help is what the person asked for, and may be piped")]
fn help() -> Result<()> {
    println!("usage: cargo xtask <subcommand>\n");
    for command in COMMANDS {
        println!("  {:<24} {}", format!("{} {}", command.name, command.arguments), command.does);
    }
    Ok(())
}

/// For subcommands that take at most one flag: whether it was given; anything else is a mistake.
fn only_flag(arguments: &[String], flag: &str) -> Result<bool> {
    match arguments {
        [] => Ok(false),
        [one] if one == flag => Ok(true),
        _ => bail!("this subcommand takes only {flag}, not `{}`", arguments.join(" ")),
    }
}

/// For subcommands that take no arguments.
fn no_arguments(arguments: &[String]) -> Result<()> {
    if arguments.is_empty() {
        return Ok(());
    }
    bail!("this subcommand takes no arguments, not `{}`", arguments.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_subcommand_has_a_name_of_its_own() {
        let mut names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COMMANDS.len());
    }

    #[test]
    fn an_unknown_subcommand_is_named_in_the_error() {
        let error = dispatch(&words(&["tset"])).unwrap_err();
        assert!(error.to_string().contains("`tset`"), "{error}");
    }

    #[test]
    fn a_flag_is_given_or_not_and_nothing_else_is_taken() {
        assert!(!only_flag(&[], "--check").unwrap());
        assert!(only_flag(&words(&["--check"]), "--check").unwrap());
        only_flag(&words(&["--chekc"]), "--check").unwrap_err();
        no_arguments(&words(&["--check"])).unwrap_err();
    }
}
