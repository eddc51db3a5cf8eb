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
    let mut contenders = vec![
        contender("bare handler", &bare, "/me", None),
        contender("cookie", &server, "/v1/me", Some(log_in(&server, "cookie", EMAIL)?)),
        contender("jwt", &server, "/v1/me", Some(log_in(&server, "jwt", EMAIL)?)),
        contender("recorded", &server, "/v1/me", Some(log_in(&server, "recorded", EMAIL)?)),
        contender("tower-sessions in memory", &sessions, "/me", Some(session)),
        contender("jsonwebtoken, HS256", &jwt, "/me", Some(("Authorization", format!("Bearer {token}")))),
    ];
    let time = Duration::from_secs(effort.pick(1, 4));
    for _ in 0..effort.pick(2, 7) {
        for contender in &mut contenders {
            let one = round(contender.server, contender.path, contender.header.as_ref(), None, 64, time)?;
            contender.rounds.push(one);
        }
    }
    let rate = |c: &Contender<'_>| median(&c.rounds.iter().map(|round| round.per_second).collect::<Vec<_>>());
    let cpu = |c: &Contender<'_>| median(&c.rounds.iter().map(|round| round.cpu_micros).collect::<Vec<_>>());
    let Some((limit, others)) = contenders.split_first() else { return Ok(()) };
    let against = format!("bare handler {:.0}/s, {:.1} CPU-µs", rate(limit), cpu(limit));
    for contender in others {
        // Each round against the bare round just before it: a machine that drifts drifts for both.
        let pairs = contender.rounds.iter().zip(&limit.rounds);
        let ratios: Vec<f64> = pairs.map(|(round, bare)| round.per_second / bare.per_second).collect();
        let ours = contender.path == "/v1/me";
        let what = if ours { format!("`GET /v1/me`, {}", contender.name) } else { contender.name.to_owned() };
        let bar = if ours { Bar::AtLeast(0.85) } else { Bar::None };
        let measured = format!("{:.0}/s, {:.1} CPU-µs", rate(contender), cpu(contender));
        table.row(&what, measured, against.clone(), median(&ratios), "", bar);
    }
    say(&format!("  resident: {:.1} MiB", server.resident_mib()?));
    Ok(())
}
