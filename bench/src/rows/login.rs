//! Log-ins against what bare Argon2id allows on the same processors, in turn.

use std::io::Write as _;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};

use crate::Effort;
use crate::load::round;
use crate::process::{EMAIL, Installation, PASSWORD};
use crate::table::{Bar, Table, median};

pub(crate) fn measure(effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let installation = Installation::new(false)?;
    let server = installation.serve(None)?;
    let mut rates = vec![Vec::new(); 3];
    let time = Duration::from_secs(effort.pick(2, 8));
    for _ in 0..effort.pick(1, 5) {
        for (slot, client) in rates.iter_mut().zip(["", "cookie", "recorded"]) {
            if client.is_empty() {
                slot.push(bare(time)?);
                continue;
            }
            let mut script = tempfile::NamedTempFile::new()?;
            let body =
                serde_json::json!({"email": EMAIL, "password": PASSWORD, "client_id": client}).to_string();
            write!(
                script,
                "wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = [[{body}]]\n"
            )?;
            slot.push(round(&server, "/v1/login", None, Some(script.path()), 8, time)?.per_second);
        }
    }
    let [bare, cookie, recorded] = rates.as_slice() else { return Ok(()) };
    for (what, rates) in [("log-in, `cookie`", cookie), ("log-in, `recorded`", recorded)] {
        let ratios: Vec<f64> = rates.iter().zip(bare).map(|(ours, bare)| ours / bare).collect();
        let measured = format!("{:.1}/s", median(rates));
        let against = format!("Argon2id alone {:.1}/s", median(bare));
        table.row(what, measured, against, median(&ratios), "", Bar::AtLeast(0.90));
    }
    Ok(())
}

/// Hashes a second, on every processor, with memory that is kept, and the parameters of the server.
fn bare(time: Duration) -> anyhow::Result<f64> {
    let workers = std::thread::available_parallelism()?.get();
    let params = Params::new(19_456, 2, 1, Some(32)).map_err(|error| anyhow::anyhow!("{error}"))?;
    let hashes: usize = std::thread::scope(|scope| {
        let work = || {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
            let mut memory = vec![argon2::Block::default(); params.block_count()];
            let (mut output, mut count, started) = ([0; 32], 0, Instant::now());
            while started.elapsed() < time {
                let done = argon2.hash_password_into_with_memory(
                    PASSWORD.as_bytes(),
                    &[7; 16],
                    &mut output,
                    &mut memory,
                );
                count += usize::from(done.is_ok());
            }
            count
        };
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        handles.into_iter().filter_map(|handle| handle.join().ok()).sum()
    });
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    Ok(hashes as f64 / time.as_secs_f64())
}
