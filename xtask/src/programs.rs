//! The programs that the checks need, where each comes from, and how a missing one is reported.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a program is needed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// What tests start.
    Tests,
    /// What runs the tests; `cargo test` can stand in for it.
    Runner,
    /// `cargo xtask deny`.
    Deny,
    /// `cargo xtask bench`.
    Bench,
}

/// Where a program comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// A Debian package, in any version.
    Debian(&'static str),
    /// A package of the crate registry with the same name as the program, in this version or a later one.
    Cargo(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Program {
    pub name: &'static str,
    pub source: Source,
    pub purpose: Purpose,
}

/// The one table: a test or a bench that needs another program adds its row here.
#[rustfmt::skip] // one row for each program
pub const PROGRAMS: &[Program] = &[
    Program { name: "curl",          source: Source::Debian("curl"),          purpose: Purpose::Tests },
    Program { name: "jq",            source: Source::Debian("jq"),            purpose: Purpose::Tests },
    Program { name: "postgres",      source: Source::Debian("postgresql"),    purpose: Purpose::Tests },
    Program { name: "redis-server",  source: Source::Debian("redis-server"),  purpose: Purpose::Tests },
    Program { name: "cargo-nextest", source: Source::Cargo("0.9.143"),        purpose: Purpose::Runner },
    Program { name: "cargo-deny",    source: Source::Cargo("0.20.2"),         purpose: Purpose::Deny },
    Program { name: "wrk",           source: Source::Debian("wrk"),           purpose: Purpose::Bench },
];

/// The rows needed for the given purposes of which `present` says no.
pub fn missing(table: &[Program], purposes: &[Purpose], present: impl Fn(&Program) -> bool) -> Vec<Program> {
    let needed = table.iter().filter(|program| purposes.contains(&program.purpose));
    needed.filter(|program| !present(program)).copied().collect()
}

/// What is missing, and the one command that puts it there.
pub fn report(missing: &[Program]) -> String {
    let mut text = String::from("these programs are missing:\n");
    for program in missing {
        let from = match program.source {
            Source::Debian(package) => format!("Debian package {package}"),
            Source::Cargo(version) => format!("version {version} or later, by cargo install"),
        };
        text.push_str(&format!("  {} ({from})\n", program.name));
    }
    let mut commands = Vec::new();
    let packages = debian_packages(missing);
    if !packages.is_empty() {
        let packages = packages.join(" ");
        commands.push(format!(
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends {packages}"
        ));
    }
    for (package, version) in cargo_packages(missing) {
        commands.push(format!("cargo install --locked {package} --version {version}"));
    }
    text.push_str(&format!("Run:\n  {}", commands.join(" && ")));
    text
}

/// The Debian packages among the missing programs.
pub fn debian_packages(missing: &[Program]) -> Vec<&'static str> {
    let packages = missing.iter().filter_map(|program| match program.source {
        Source::Debian(package) => Some(package),
        Source::Cargo(_) => None,
    });
    packages.collect()
}

/// The cargo packages among the missing programs, with their versions.
pub fn cargo_packages(missing: &[Program]) -> Vec<(&'static str, &'static str)> {
    let packages = missing.iter().filter_map(|program| match program.source {
        Source::Debian(_) => None,
        Source::Cargo(version) => Some((program.name, version)),
    });
    packages.collect()
}

/// Whether the program is on this machine, recent enough.
pub fn is_present(program: &Program) -> bool {
    find(program.name).into_iter().any(|path| match program.source {
        Source::Debian(_) => true,
        Source::Cargo(wanted) => version_of(&path).is_some_and(|found| is_at_least(&found, wanted)),
    })
}

/// Every file of this name in `PATH`, where `cargo install` puts programs (cargo looks there too), or where Debian puts
/// those of PostgreSQL, a folder for each version.
pub fn find(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    folders.extend(cargo_home.map(|home| home.join("bin")));
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders.into_iter().map(|folder| folder.join(name)).filter(|file| file.is_file()).collect()
}

fn version_of(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

/// Compares `1.2.3` and the like number by number; what is no number counts as none.
fn is_at_least(found: &str, wanted: &str) -> bool {
    let numbers = |version: &str| {
        version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect::<Vec<u32>>()
    };
    numbers(found) >= numbers(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Purpose] = &[Purpose::Tests, Purpose::Runner, Purpose::Deny, Purpose::Bench];

    #[test]
    fn nothing_is_missing_when_all_is_present() {
        assert_eq!(missing(PROGRAMS, ALL, |_| true), []);
    }

    #[test]
    fn only_what_the_purpose_needs_is_missing() {
        let names: Vec<&str> =
            missing(PROGRAMS, &[Purpose::Bench], |_| false).iter().map(|program| program.name).collect();
        assert_eq!(names, ["wrk"]);
        let names: Vec<&str> = missing(PROGRAMS, &[Purpose::Tests], |program| program.name == "curl")
            .iter()
            .map(|p| p.name)
            .collect();
        assert_eq!(names, ["jq", "postgres", "redis-server"]);
    }

    #[test]
    fn the_report_names_each_program_and_one_command() {
        let text = report(&missing(PROGRAMS, ALL, |program| program.name == "curl"));
        assert!(text.contains("  jq (Debian package jq)\n"), "{text}");
        assert!(text.contains("  cargo-deny (version 0.20.2 or later, by cargo install)\n"), "{text}");
        assert!(!text.contains("curl"), "{text}");
        assert_eq!(
            text.lines().last().unwrap(),
            "  sudo apt-get update && sudo apt-get install -y --no-install-recommends jq postgresql redis-server wrk \
             && cargo install --locked cargo-nextest --version 0.9.143 \
             && cargo install --locked cargo-deny --version 0.20.2"
        );
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_at_least("0.9.143", "0.9.143"));
        assert!(is_at_least("0.10.0", "0.9.143"));
        assert!(is_at_least("1.0.0-rc.1", "0.9.143"));
        assert!(!is_at_least("0.9.99", "0.9.143"));
        assert!(!is_at_least("unknown", "0.9.143"));
    }

    #[test]
    fn a_program_is_found_where_path_says() {
        assert!(!find("sh").is_empty());
        assert!(find("no-such-program-anywhere").is_empty());
    }
}
