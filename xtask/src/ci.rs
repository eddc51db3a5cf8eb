//! `cargo xtask ci`: every check in order, from the quickest to the slowest; the first failure ends it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::{arch, deny, doc, fmt, lint, openapi, test};

type Check = fn() -> Result<Outcome>;

#[derive(Clone, Copy)]
enum Outcome {
    Passed,
    Skipped(&'static str),
    Failed,
}

/// The tests come last, so that their summary is near the end of the output.
const STEPS: &[(&str, Check)] = &[
    ("fmt", || passed(fmt::run(&["--check".to_owned()]))),
    ("arch", || passed(arch::run(&[]))),
    ("lint", || passed(lint::run(&[]))),
    ("doc", || passed(doc::run(&[]))),
    ("deny", || passed(deny::run(&[]))),
    ("openapi", || {
        if !Path::new(openapi::DOCUMENT).exists() {
            return Ok(Outcome::Skipped("there is no docs/openapi.json"));
        }
        passed(openapi::run(&["--check".to_owned()]))
    }),
    ("test", || passed(test::run(&[]))),
];

fn passed(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Passed)
}

pub fn run(arguments: &[String]) -> Result<()> {
    crate::no_arguments(arguments)?;
    let mut done = Vec::new();
    for (name, check) in STEPS {
        eprintln!("\n=== {name} ===");
        let start = Instant::now();
        let result = check();
        let took = start.elapsed();
        eprintln!("=== {name}: {:.1} s ===", took.as_secs_f64());
        done.push((*name, *result.as_ref().unwrap_or(&Outcome::Failed), took));
        if let Err(error) = result {
            eprint!("{}", table(&done));
            return Err(error).context(format!("step `{name}`"));
        }
    }
    eprint!("{}", table(&done));
    Ok(())
}

fn table(done: &[(&str, Outcome, Duration)]) -> String {
    let mut text = String::from("\n");
    for (name, outcome, took) in done {
        let outcome = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Skipped(reason) => format!("SKIPPED: {reason}"),
            Outcome::Failed => "FAILED".to_owned(),
        };
        text.push_str(&format!("{name:<10} {:>8.1} s  {outcome}\n", took.as_secs_f64()));
    }
    let total: Duration = done.iter().map(|(_, _, took)| *took).sum();
    text.push_str(&format!("{:<10} {:>8.1} s\n", "total", total.as_secs_f64()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_are_the_last_step() {
        assert_eq!(STEPS.last().unwrap().0, "test");
    }

    #[test]
    fn the_table_has_a_row_for_each_step_and_the_sum() {
        let text = table(&[
            ("fmt", Outcome::Passed, Duration::from_millis(1500)),
            ("openapi", Outcome::Skipped("no file"), Duration::ZERO),
            ("test", Outcome::Failed, Duration::from_secs(2)),
        ]);
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[1], ["fmt", "1.5", "s", "passed"]);
        assert_eq!(rows[2], ["openapi", "0.0", "s", "SKIPPED:", "no", "file"]);
        assert_eq!(rows[3], ["test", "2.0", "s", "FAILED"]);
        assert_eq!(rows[4], ["total", "3.5", "s"]);
    }
}
