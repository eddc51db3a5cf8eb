//! The binary `counterfoil`: `serve`, and the command line that operates an installation.

mod boot;
mod cli;
mod config;
mod control;
mod http;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
