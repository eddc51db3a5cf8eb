//! Memory, idle and for a session, and the time from exec to the first answer, empty and with a million sessions.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::process::{Installation, PASSWORD, Process};
use crate::table::{Bar, Table, median, say};
use crate::{Effort, seed};

pub(crate) fn measure(effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let installation = Installation::new(true)?;
    let empty = starts(&installation, effort)?;
    let row = "from exec to the first answer, empty";
    table.row(row, format!("{empty:.0} ms"), "–".to_owned(), empty, " ms", Bar::AtMost(100.0));
    memory(&installation, effort, table)?;

    let full = Installation::new(true)?;
    let count = effort.pick(50_000, 1_000_000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = seed::open(&full.data().join("counterfoil.db"))?;
        let started = Instant::now();
        seed::sessions(&store, count).await?;
        say(&format!("  {count} sessions in {:.1} s", started.elapsed().as_secs_f64()));
        store.close().await;
        anyhow::Ok(())
    })?;
    let with_many = starts(&full, effort)?;
    let row = format!("from exec to the first answer, {count} sessions");
    table.row(&row, format!("{with_many:.0} ms"), "–".to_owned(), with_many, " ms", Bar::AtMost(100.0));
    Ok(())
}

/// The median time until a new process answers.
fn starts(installation: &Installation, effort: Effort) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..effort.pick(3, 11) {
        let started = Instant::now();
        let server = installation.serve(None)?;
        ureq::get(format!("{}/healthz", server.url)).call()?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(&times))
}

fn memory(installation: &Installation, effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let server = installation.serve(None)?;
    std::thread::sleep(Duration::from_secs(2));
    let idle = server.resident_mib()?;
    table.row("memory, idle", format!("{idle:.1} MiB"), "–".to_owned(), idle, " MiB", Bar::AtMost(25.0));
    let count = effort.pick(4000, 80_000);
    let cookies = cookies(&server, count)?;
    drop(server);
    // A fresh process, that has seen none of them. The first ones fill what is of fixed size, the database's page caches
    // among it; what it grows by after that is what it keeps of sessions and their users.
    let server = installation.serve(None)?;
    check(&server, cookies.get(..count / 4).unwrap_or_default());
    let before = server.resident_mib()?;
    let rest = cookies.get(count / 4..).unwrap_or_default();
    check(&server, rest);
    let grown = server.resident_mib()? - before;
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let bytes = grown * 1024.0 * 1024.0 / rest.len() as f64;
    let measured = format!("{grown:.1} MiB for {}", rest.len());
    table.row(
        "memory of a live session in the cache",
        measured,
        "–".to_owned(),
        bytes,
        " bytes",
        Bar::AtMost(400.0),
    );
    Ok(())
}

/// So many sessions, of users who have some each.
fn cookies(server: &Process, count: usize) -> anyhow::Result<Vec<String>> {
    let cookies = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let cookies = &cookies;
            scope.spawn(move || {
                let agent = ureq::Agent::new_with_defaults();
                for number in 0..count / 16 {
                    let email = format!("user-{thread}-{}@example.test", number / seed::OF_ONE_USER);
                    if number % seed::OF_ONE_USER == 0 {
                        let body = json!({"email": email, "password": PASSWORD});
                        let _ = agent.post(format!("{}/v1/users", server.url)).send_json(&body);
                    }
                    let body = json!({"email": email, "password": PASSWORD, "client_id": "cookie"});
                    let Ok(answer) = agent.post(format!("{}/v1/login", server.url)).send_json(&body) else {
                        continue;
                    };
                    let cookie = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok());
                    let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
                    cookies.lock().unwrap_or_else(PoisonError::into_inner).extend(cookie);
                }
            });
        }
    });
    let cookies = cookies.into_inner().unwrap_or_else(PoisonError::into_inner);
    anyhow::ensure!(cookies.len() > count / 2, "most log-ins failed");
    Ok(cookies)
}

fn check(server: &Process, cookies: &[String]) {
    let agent = ureq::Agent::new_with_defaults();
    for cookie in cookies {
        let answer = agent.get(format!("{}/v1/me", server.url)).header("Cookie", cookie).call();
        let _ = answer.map(|mut answer| answer.body_mut().read_to_string());
    }
}
