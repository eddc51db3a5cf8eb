//! `GET /v1/me` in each mode, against a bare handler and what an axum user would pick instead: one processor for the
//! server, one for the load, rounds in turn.

use std::time::Duration;

use anyhow::Context as _;

use crate::Effort;
use crate::load::{Round, round};
use crate::process::{EMAIL, Installation, Process, log_in, yardstick};
use crate::table::{Bar, Table, median, say};

struct Contender<'a> {
    name: &'static str,
    server: &'a Process,
    path: &'static str,
    header: Option<(&'static str, String)>,
    rounds: Vec<Round>,
}

pub(crate) fn measure(effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let installation = Installation::new(true)?;
    let server = installation.serve(Some(0))?;
    let bare = yardstick("bare", Some(0))?;
    let sessions = yardstick("sessions", Some(0))?;
    let jwt = yardstick("jwt", Some(0))?;
    let session = ureq::get(format!("{}/login", sessions.url)).call()?;
    let session = session.headers().get("set-cookie").context("no cookie")?.to_str()?;
    let session = ("Cookie", session.split(';').next().unwrap_or_default().to_owned());
    let token = ureq::get(format!("{}/login", jwt.url)).call()?.body_mut().read_to_string()?;
    let contender = |name, server, path, header| Contender { name, server, path, header, rounds: Vec::new() };
    let token = ("Authorization", format!("Bearer {token}"));
    // Each is paired with the bare handler under the very same request: what a long header costs to carry is HTTP's.
    let mut pairs = Vec::new();
    for mode in ["cookie", "jwt", "recorded"] {
        let header = Some(log_in(&server, mode, EMAIL)?);
        pairs.push((contender(mode, &server, "/v1/me", header.clone()), contender("", &bare, "/me", header)));
    }
    for (name, server, header) in
        [("tower-sessions in memory", &sessions, session), ("jsonwebtoken, HS256", &jwt, token)]
    {
        let header = Some(header);
        pairs.push((contender(name, server, "/me", header.clone()), contender("", &bare, "/me", header)));
    }
    let time = Duration::from_secs(effort.pick(1, 3));
    for _ in 0..effort.pick(2, 7) {
        for (contender, bare) in &mut pairs {
            for one in [bare, contender] {
                one.rounds.push(round(one.server, one.path, one.header.as_ref(), None, 64, time)?);
            }
        }
    }
    let rate = |c: &Contender<'_>| median(&c.rounds.iter().map(|round| round.per_second).collect::<Vec<_>>());
    let cpu = |c: &Contender<'_>| median(&c.rounds.iter().map(|round| round.cpu_micros).collect::<Vec<_>>());
    for (contender, bare) in &pairs {
        let against = format!("bare handler {:.0}/s, {:.1} CPU-µs", rate(bare), cpu(bare));
        // Each round against the bare round just before it: a machine that drifts drifts for both.
        let rounds = contender.rounds.iter().zip(&bare.rounds);
        let ratios: Vec<f64> = rounds.map(|(round, bare)| round.per_second / bare.per_second).collect();
        let ours = contender.path == "/v1/me";
        let what = if ours { format!("`GET /v1/me`, {}", contender.name) } else { contender.name.to_owned() };
        let bar = if ours { Bar::AtLeast(0.85) } else { Bar::None };
        let measured = format!("{:.0}/s, {:.1} CPU-µs", rate(contender), cpu(contender));
        table.row(&what, measured, against, median(&ratios), "", bar);
    }
    say(&format!("  resident: {:.1} MiB", server.resident_mib()?));
    Ok(())
}
