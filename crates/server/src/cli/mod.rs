//! The command line: what there is, and how its outcome is told.

mod client;
mod config;
mod context;
mod doctor;
mod failure;
mod input;
mod key;
mod output;
mod serve;
mod session;
mod setup_link;
mod token;
mod user;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use context::{Access, Place};
use failure::Failure;
use output::Output;

/// A session and authentication server: cookies, JWTs, and JWTs that can be revoked.
#[derive(Parser)]
#[command(name = "counterfoil", version, max_term_width = 110, arg_required_else_help = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  counterfoil serve
  echo \"$PASSWORD\" | counterfoil user add --email ann@example.test --password-stdin --admin
  counterfoil client add --id web --name \"Web shop\" --mode recorded --audience api
  counterfoil session revoke --user ann@example.test --dry-run
  counterfoil key rotate

Exit codes:
  0 done   1 failed   2 wrong usage   3 not found   4 refused   5 store unavailable";

#[derive(Subcommand)]
enum Command {
    /// Start the server
    Serve(Box<serve::Serve>),
    /// Add, list and change users
    #[command(subcommand)]
    User(user::User),
    /// Add, list and change clients (applications and services)
    #[command(subcommand)]
    Client(client::Client),
    /// List and revoke sessions
    #[command(subcommand)]
    Session(session::Session),
    /// List and revoke recorded access tokens
    #[command(subcommand)]
    Token(token::Token),
    /// List and rotate signing keys
    #[command(subcommand)]
    Key(key::Key),
    /// Print a fresh one-time link that makes an administrator
    SetupLink(setup_link::SetupLink),
    /// Look at stores, keys and clocks, and say what to change
    Doctor(doctor::Doctor),
    /// Print the OpenAPI description of the HTTP API
    #[command(after_help = "Example:\n  counterfoil openapi > openapi.json")]
    Openapi,
    /// Print the shell completions
    #[command(after_help = "Example:\n  counterfoil completions bash > /etc/bash_completion.d/counterfoil")]
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print or check a configuration file
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

/// Runs what was asked for.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.command.wants_json();
    match cli.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(json);
            failure.exit_code()
        }
    }
}

impl Command {
    fn wants_json(&self) -> bool {
        match self {
            Self::User(command) => command.place().json,
            Self::Client(command) => command.place().json,
            Self::Session(command) => command.place().json,
            Self::Token(command) => command.place().json,
            Self::Key(command) => command.place().json,
            Self::SetupLink(command) => command.place().json,
            Self::Doctor(command) => command.place().json,
            Self::Serve(_) | Self::Openapi | Self::Completions { .. } | Self::Config(_) => false,
        }
    }

    fn run(self) -> Result<(), Failure> {
        match self {
            Self::Serve(serve) => serve.run(),
            Self::User(command) => {
                context::run(command.place().clone(), command.access(), |c| command.run(c))
            }
            Self::Client(command) => {
                context::run(command.place().clone(), command.access(), |c| command.run(c))
            }
            Self::Session(command) => {
                context::run(command.place().clone(), command.access(), |c| command.run(c))
            }
            Self::Token(command) => {
                context::run(command.place().clone(), command.access(), |c| command.run(c))
            }
            Self::Key(command) => context::run(command.place().clone(), command.access(), |c| command.run(c)),
            Self::SetupLink(command) => {
                context::run(command.place().clone(), Access::MayBeFirst, |c| command.run(c))
            }
            Self::Doctor(command) => {
                context::run(command.place().clone(), Access::Reads, |context| command.run(context))
            }
            Self::Openapi => Output::text(&counterfoil_web::openapi()),
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "counterfoil", &mut script);
                Output::text(&String::from_utf8_lossy(&script))
            }
            Self::Config(command) => command.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_and_an_example_and_no_password_is_an_argument() {
        fn look(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            let example =
                command.get_after_help().is_some_and(|help| help.to_string().contains("counterfoil "));
            let only_groups = command.get_subcommands().next().is_some();
            assert!(example || only_groups, "{}", command.get_bin_name().unwrap_or_default());
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some() || argument.is_global_set(),
                    "{} {argument}",
                    command.get_name()
                );
                let takes_value = argument.get_action().takes_values();
                assert!(!(takes_value && argument.get_id().as_str().contains("password")), "{argument}");
            }
            command.get_subcommands().filter(|c| c.get_name() != "help").for_each(look);
        }
        let mut command = Cli::command();
        command.build();
        command.get_subcommands().filter(|c| c.get_name() != "help").for_each(look);
    }
}
