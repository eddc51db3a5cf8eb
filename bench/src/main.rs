//! Measures what `BENCHMARKS.md` promises: every row a ratio, taken in one interleaved run on one machine.

mod load;
mod process;
mod rows;
mod seed;
mod table;
mod yardsticks;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::table::Table;

/// Measure, and print the table.
#[derive(Parser)]
struct Arguments {
    /// Shorter rounds: to see that it works, not to quote
    #[arg(long)]
    quick: bool,
    /// Only these groups
    #[arg(long, value_delimiter = ',')]
    only: Vec<Group>,
    /// Write the table into this file, between its markers
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Serve as a yardstick, for the benchmark itself
    #[arg(long, value_enum, requires = "port", hide = true)]
    yardstick: Option<yardsticks::Yardstick>,
    #[arg(long, hide = true)]
    port: Option<u16>,
}

/// A group of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// GET /v1/me against a bare handler and what one would pick instead
    Check,
    /// Log-ins against bare Argon2id
    Login,
    /// Checks inside the library against bare signatures
    Library,
    /// From a revocation to its refusal elsewhere
    Revocation,
    /// Two nodes that share their stores
    Nodes,
    /// At 1,000 and at 1,000,000 sessions
    Scale,
    /// Memory and start
    Footprint,
}

/// How long to measure.
#[derive(Clone, Copy)]
struct Effort {
    quick: bool,
}

impl Effort {
    fn pick<T>(self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let (Some(yardstick), Some(port)) = (arguments.yardstick, arguments.port) {
        return yardsticks::serve(yardstick, port);
    }
    let effort = Effort { quick: arguments.quick };
    let mut table = Table::default();
    for group in Group::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(group) {
            continue;
        }
        table::say(&format!("measuring: {group:?}"));
        match group {
            Group::Check => rows::check::measure(effort, &mut table)?,
            Group::Login => rows::login::measure(effort, &mut table)?,
            Group::Library => rows::library::measure(effort, &mut table)?,
            Group::Revocation => rows::revocation::measure(effort, &mut table)?,
            Group::Nodes => rows::nodes::measure(effort, &mut table)?,
            Group::Scale => rows::scale::measure(effort, &mut table)?,
            Group::Footprint => rows::footprint::measure(effort, &mut table)?,
        }
    }
    table::say(&table.markdown());
    if let Some(path) = arguments.write {
        table.write(&path, effort.quick)?;
    }
    Ok(())
}
