//! Two nodes that share their stores: what a check costs there, what is written in a second, and how long after a
//! revocation at one node the other refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use counterfoil_store_redis::{RedisOptions, RedisStore};
use counterfoil_store_testkit::servers::postgres::Postgres;
use counterfoil_store_testkit::servers::redis::Redis;
use serde_json::{Value, json};

use super::revocation::load;
use crate::load::round;
use crate::process::{EMAIL, Installation, PASSWORD, Process, log_in};
use crate::table::{Bar, Table, median, quantile};
use crate::{Effort, seed};

/// Any key that both nodes have.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Clients at a time.
const CLIENTS: usize = 16;

pub(crate) fn measure(effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let (postgres, redis) = (Postgres::start(), Redis::durable());
    for store in ["PostgreSQL", "Redis"] {
        let accounts = postgres.create_database();
        let sessions = if store == "Redis" { redis.url() } else { accounts.clone() };
        let environment = vec![
            ("COUNTERFOIL_ACCOUNTS", accounts),
            ("COUNTERFOIL_SESSIONS", sessions),
            ("COUNTERFOIL_MASTER_KEY", MASTER_KEY.to_owned()),
        ];
        let first = Installation::with(true, environment)?;
        checks(store, &first, effort, table)?;
        let second = first.another_node()?;
        let (one, other) = (first.serve(None)?, second.serve(None)?);
        writes(store, [&one, &other], effort, table)?;
        revocations(store, [&one, &other], effort, table)?;
    }
    memory(effort.pick(20_000, 100_000), table)
}

/// What Redis keeps for a recorded session with one live token, four sessions of each user, begun over a day.
fn memory(count: usize, table: &mut Table) -> anyhow::Result<()> {
    let redis = Redis::start();
    let before = used_memory(&redis)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Arc::new(RedisStore::connect(&redis.url(), RedisOptions::default()).await?);
        seed::recorded(&store, count).await?;
        store.close().await;
        anyhow::Ok(())
    })?;
    let grown = used_memory(&redis)? - before;
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let bytes = grown / count as f64;
    table.row(
        &format!("memory of Redis for a recorded session with its token and index, {count} of them"),
        format!("{:.1} MiB", grown / 1024.0 / 1024.0),
        "–".to_owned(),
        bytes,
        " bytes",
        Bar::AtMost(600.0),
    );
    Ok(())
}

fn used_memory(redis: &Redis) -> anyhow::Result<f64> {
    use std::io::{Read as _, Write as _};
    let url = redis.url();
    let address = url.trim_start_matches("redis://").split('/').next().unwrap_or_default();
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.write_all(b"INFO memory\r\nQUIT\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let line = answer.lines().find_map(|line| line.strip_prefix("used_memory:"));
    line.and_then(|bytes| bytes.trim().parse().ok()).context("used_memory")
}

/// The same check with the sessions in the shared store and in the embedded one.
fn checks(store: &str, shared: &Installation, effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let embedded = Installation::new(true)?;
    let (here, there) = (embedded.serve(Some(0))?, shared.serve(Some(0))?);
    let headers = (log_in(&here, "recorded", EMAIL)?, log_in(&there, "recorded", EMAIL)?);
    let time = Duration::from_secs(effort.pick(1, 3));
    let (mut ratios, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..effort.pick(2, 7) {
        let with_embedded = round(&here, "/v1/me", Some(&headers.0), None, 64, time)?.per_second;
        let with_shared = round(&there, "/v1/me", Some(&headers.1), None, 64, time)?.per_second;
        ratios.push(with_shared / with_embedded);
        rates.push((with_shared, with_embedded));
    }
    let rate = |pick: fn(&(f64, f64)) -> f64| median(&rates.iter().map(pick).collect::<Vec<_>>());
    let (shared, embedded) = (rate(|rates| rates.0), rate(|rates| rates.1));
    table.row(
        &format!("`GET /v1/me`, recorded, sessions on {store}"),
        format!("{shared:.0}/s"),
        format!("embedded store {embedded:.0}/s"),
        median(&ratios),
        "",
        Bar::AtLeast(0.95),
    );
    Ok(())
}

/// Log-ins, then refreshes of what they gave, at both nodes.
fn writes(store: &str, nodes: [&Process; 2], effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let each = effort.pick(20, 300);
    let body = json!({"email": EMAIL, "password": PASSWORD, "client_id": "recorded"});
    let begun = Instant::now();
    let tokens = in_parallel(nodes, each, |agent, node| {
        let mut answer = agent.post(format!("{}/v1/login", node.url)).send_json(&body)?;
        let answer: Value = answer.body_mut().read_json()?;
        Ok(answer.get("refresh_token").and_then(Value::as_str).context("a refresh token")?.to_owned())
    })?;
    rate(table, &format!("log-ins at two nodes, hashing cheap, on {store}"), tokens.len(), begun);
    let tokens = std::sync::Mutex::new(tokens);
    let begun = Instant::now();
    let refreshed = in_parallel(nodes, each, |agent, node| {
        let token = tokens.lock().ok().and_then(|mut tokens| tokens.pop()).context("a token")?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        agent.post(format!("{}/oauth/token", node.url)).send_form(form)?.body_mut().read_to_string()?;
        Ok(())
    })?;
    rate(table, &format!("refreshes at two nodes, on {store}"), refreshed.len(), begun);
    Ok(())
}

fn rate(table: &mut Table, what: &str, count: usize, begun: Instant) {
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let per_second = count as f64 / begun.elapsed().as_secs_f64();
    table.row(what, format!("{per_second:.0}/s"), "–".to_owned(), per_second, "/s", Bar::None);
}

/// Does something so many times from each client, half of them at each node.
fn in_parallel<T: Send>(
    nodes: [&Process; 2],
    each: usize,
    ask: impl Fn(&ureq::Agent, &Process) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<Vec<T>> {
    std::thread::scope(|scope| {
        let ask = &ask;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let [one, other] = nodes;
                let node = if client % 2 == 0 { one } else { other };
                scope.spawn(move || {
                    let agent = ureq::Agent::new_with_defaults();
                    (0..each).map(|_| ask(&agent, node)).collect::<anyhow::Result<Vec<T>>>()
                })
            })
            .collect();
        let mut all = Vec::new();
        for client in clients {
            all.extend(client.join().map_err(|_| anyhow::anyhow!("a client failed"))??);
        }
        Ok(all)
    })
}

/// From the request at one node to the first refusal at the other, which has just let the token in.
fn revocations(store: &str, nodes: [&Process; 2], effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let [one, other] = nodes;
    let admin = log_in(one, "recorded", EMAIL)?;
    let stop = Arc::new(AtomicBool::new(false));
    let loads = nodes.map(|node| load(node, &admin, Arc::clone(&stop)));
    let (revoking, checking) = (agent(), agent());
    let count = effort.pick(100, 10_000);
    let (mut delays, mut missed) = (Vec::new(), 0_usize);
    for _ in 0..count {
        let body = json!({"email": EMAIL, "password": PASSWORD, "client_id": "recorded"});
        let login = said(revoking.post(format!("{}/v1/login", one.url)).send_json(&body)?)?;
        let member = |name: &str| login.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let bearer = format!("Bearer {}", member("access_token"));
        anyhow::ensure!(accepted(&checking, other, &bearer)?, "a new token is refused");
        let begun = Instant::now();
        let refused = std::thread::scope(|scope| {
            let watch = scope.spawn(|| refused_at(&checking, other, &bearer, begun));
            let select = json!({"select": {"session": member("session_id")}});
            let url = format!("{}/v1/admin/revocations", one.url);
            said(revoking.post(url).header(admin.0, &admin.1).send_json(&select)?)?;
            anyhow::Ok(watch.join().ok().flatten())
        })?;
        match refused {
            Some(delay) => delays.push(delay),
            None => missed += 1,
        }
    }
    stop.store(true, Ordering::Relaxed);
    for load in loads {
        let _ = load.join();
    }
    let p99 = quantile(&delays, 0.99);
    let (p50, max) = (median(&delays), quantile(&delays, 1.0));
    table.row(
        &format!("revoked at one node to refused at the other, {count} under load, on {store}"),
        format!("p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms, {missed} missed"),
        "–".to_owned(),
        if missed == 0 { p99 } else { f64::INFINITY },
        " ms p99",
        Bar::AtMost(20.0),
    );
    Ok(())
}

/// Milliseconds until the node refuses; `None` if it does not within five seconds.
fn refused_at(agent: &ureq::Agent, node: &Process, bearer: &str, begun: Instant) -> Option<f64> {
    while begun.elapsed() < Duration::from_secs(5) {
        if let Ok(false) = accepted(agent, node, bearer) {
            return Some(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    None
}

fn accepted(agent: &ureq::Agent, node: &Process, bearer: &str) -> anyhow::Result<bool> {
    let mut answer = agent.get(format!("{}/v1/me", node.url)).header("Authorization", bearer).call()?;
    answer.body_mut().read_to_string()?;
    Ok(answer.status() == 200)
}

/// What an answer says, if it says that all went well.
fn said(mut answer: ureq::http::Response<ureq::Body>) -> anyhow::Result<Value> {
    let text = answer.body_mut().read_to_string()?;
    anyhow::ensure!(answer.status().is_success(), "{}: {text}", answer.status());
    Ok(serde_json::from_str(&text)?)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}
