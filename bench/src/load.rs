//! Load by `wrk`: keep-alive connections, as many requests as get answered.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::process::{Process, pinned};

/// What one round of load gave.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    pub(crate) per_second: f64,
    /// The server's processor time for one request, in microseconds.
    pub(crate) cpu_micros: f64,
}

/// One round.
pub(crate) fn round(
    server: &Process,
    path: &str,
    header: Option<&(&str, String)>,
    script: Option<&Path>,
    connections: usize,
    time: Duration,
) -> anyhow::Result<Round> {
    let before = server.cpu_seconds()?;
    let mut command = pinned(Path::new("wrk"), Some(1));
    command.args(["-t1", &format!("-c{connections}"), &format!("-d{}s", time.as_secs().max(1))]);
    if let Some((name, value)) = header {
        command.args(["-H", &format!("{name}: {value}")]);
    }
    if let Some(script) = script {
        command.arg("-s").arg(script);
    }
    let output = command
        .arg(format!("{}{path}", server.url))
        .output()
        .context("wrk is not there: cargo xtask setup --bench")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("Non-2xx") {
        bail!("some answers were no success:\n{text}");
    }
    let number = |line: &str| line.split_whitespace().find_map(|word| word.parse::<f64>().ok());
    let requests =
        text.lines().find(|line| line.contains(" requests in ")).and_then(number).context("no requests")?;
    let per_second = text
        .lines()
        .find_map(|line| line.strip_prefix("Requests/sec:"))
        .and_then(|rest| rest.trim().parse().ok())
        .context("no rate")?;
    Ok(Round { per_second, cpu_micros: (server.cpu_seconds()? - before) / requests * 1e6 })
}
