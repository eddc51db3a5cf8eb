//! From a revocation to its refusal elsewhere: a verifier that follows the feed, under load, every marker counted.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::Effort;
use crate::process::{EMAIL, Installation, PASSWORD, Process, log_in};
use crate::table::{Bar, Table, median, quantile};

pub(crate) fn measure(effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let installation = Installation::new(true)?;
    let service = installation.run(&["client", "add", "--id", "api", "--name", "API", "--service"], None)?;
    let secret = service.get("secret").and_then(Value::as_str).context("a secret")?.to_owned();
    let server = installation.serve(None)?;
    let admin = log_in(&server, "recorded", EMAIL)?;
    let count = effort.pick(200, 10_000);
    let started = Instant::now();
    let sessions = logins(&server, count)?;
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let per_second = sessions.len() as f64 / started.elapsed().as_secs_f64();
    table.row(
        "sessions opened over HTTP, durable, hashing cheap",
        format!("{per_second:.0}/s"),
        "–".to_owned(),
        per_second,
        "/s",
        Bar::None,
    );
    let arrived = follow(&server, &secret)?;
    let stop = Arc::new(AtomicBool::new(false));
    let load = load(&server, &admin, Arc::clone(&stop));
    let mut sent: HashMap<String, Instant> = HashMap::new();
    let mut answered = Vec::new();
    let agent = ureq::Agent::new_with_defaults();
    for session in &sessions {
        let body = json!({"select": {"session": session}});
        let started = Instant::now();
        sent.insert(session.clone(), started);
        agent
            .post(format!("{}/v1/admin/revocations", server.url))
            .header(admin.0, &admin.1)
            .send_json(&body)?;
        answered.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let mut delays = Vec::new();
    while delays.len() < sessions.len() {
        let Ok((session, at)) = arrived.recv_timeout(Duration::from_secs(5)) else { break };
        if let Some(started) = sent.get(&session) {
            delays.push(at.saturating_duration_since(*started).as_secs_f64() * 1e3);
        }
    }
    stop.store(true, Ordering::Relaxed);
    let _ = load.join();
    let missed = sessions.len() - delays.len();
    let p99 = quantile(&delays, 0.99);
    table.row(
        &format!("revoked to refused at a verifier on the feed, {} revocations under load", sessions.len()),
        format!(
            "p50 {:.2} ms, p99 {p99:.2} ms, max {:.2} ms, {missed} missed",
            median(&delays),
            quantile(&delays, 1.0)
        ),
        "–".to_owned(),
        if missed == 0 { p99 } else { f64::INFINITY },
        " ms p99",
        Bar::AtMost(20.0),
    );
    let answer = median(&answered);
    table.row(
        "revocation over HTTP, durable, to its answer",
        format!("p50 {answer:.2} ms, p99 {:.2} ms", quantile(&answered, 0.99)),
        "–".to_owned(),
        answer,
        " ms p50",
        Bar::None,
    );
    Ok(())
}

/// Opens sessions from sixteen clients at once.
fn logins(server: &Process, count: usize) -> anyhow::Result<Vec<String>> {
    let sessions = Mutex::new(Vec::new());
    let body = json!({"email": EMAIL, "password": PASSWORD, "client_id": "recorded"});
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let agent = ureq::Agent::new_with_defaults();
                for _ in 0..count / 16 {
                    let Ok(mut answer) = agent.post(format!("{}/v1/login", server.url)).send_json(&body)
                    else {
                        continue;
                    };
                    let session = answer.body_mut().read_json::<Value>().ok().and_then(|answer| {
                        answer.get("session_id").and_then(Value::as_str).map(str::to_owned)
                    });
                    sessions.lock().unwrap_or_else(PoisonError::into_inner).extend(session);
                }
            });
        }
    });
    Ok(sessions.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// A verifier that follows the feed, acknowledges what it applied, and tells when each session's marker arrived.
fn follow(server: &Process, secret: &str) -> anyhow::Result<Receiver<(String, Instant)>> {
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("api:{secret}"));
    let feed = ureq::get(format!("{}/v1/revocations/feed", server.url))
        .header("Authorization", format!("Basic {basic}"))
        .call()?;
    let verifier = feed.headers().get("x-verifier-id").context("no verifier id")?.to_str()?.to_owned();
    let mut lines = BufReader::new(feed.into_body().into_reader()).lines();
    // The snapshot first: from then on nothing is missed.
    for line in lines.by_ref() {
        if line?.starts_with("data:") {
            break;
        }
    }
    let (told, arrived) = channel();
    let url = format!("{}/v1/revocations/ack", server.url);
    std::thread::spawn(move || {
        let agent = ureq::Agent::new_with_defaults();
        for line in lines {
            let Ok(line) = line else { return };
            let Some(data) = line.strip_prefix("data:") else { continue };
            let at = Instant::now();
            let Ok(marker) = serde_json::from_str::<Value>(data.trim()) else { continue };
            if let Some(session) = marker.get("session").and_then(Value::as_str) {
                if told.send((session.to_owned(), at)).is_err() {
                    return;
                }
                let body = json!({"verifier": verifier, "sequence": marker.get("sequence")});
                let _ = agent.post(&url).header("Authorization", format!("Basic {basic}")).send_json(&body);
            }
        }
    });
    Ok(arrived)
}

/// Checks without a pause, as an API's traffic would.
pub(super) fn load(
    server: &Process,
    credential: &(&'static str, String),
    stop: Arc<AtomicBool>,
) -> std::thread::JoinHandle<()> {
    let (url, (name, value)) = (format!("{}/v1/me", server.url), credential.clone());
    std::thread::spawn(move || {
        let agent = ureq::Agent::new_with_defaults();
        while !stop.load(Ordering::Relaxed) {
            let _ = agent
                .get(&url)
                .header(name, &value)
                .call()
                .map(|mut answer| answer.body_mut().read_to_string());
        }
    })
}
