//! The log: structured, on standard error, pretty for people and JSON for machines. Credentials are never given to it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::{LogFormat, LoggingSection};

/// Begins to log. A level that makes no sense is told and taken as `info`.
pub(crate) fn start(section: &LoggingSection) {
    let filter = EnvFilter::try_new(&section.level);
    let bad = filter.is_err();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("info")))
        .with_span_events(FmtSpan::NONE)
        .with_writer(std::io::stderr);
    let pretty = match section.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let started = if pretty { builder.with_target(false).try_init() } else { builder.json().try_init() };
    if started.is_ok() && bad {
        tracing::warn!(level = section.level, "this log level makes no sense: logging at info");
    }
}
