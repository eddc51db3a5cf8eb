//! The same at 1,000 and at 1,000,000 sessions: a page, a user's revocation, a look-up.

use std::sync::Arc;
use std::time::Instant;

use counterfoil_core::port::{Revoke, SessionFilter, SessionStore as _};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::{EndReason, SessionState};
use counterfoil_core::{Clock as _, PageRequest};
use counterfoil_service::SystemClock;
use counterfoil_store_sqlite::SqliteStore;

use crate::table::{Bar, Table, median, say};
use crate::{Effort, seed};

/// Medians in microseconds.
struct Figures {
    page: f64,
    user_page: f64,
    look_up: f64,
    revoke: f64,
}

pub(crate) fn measure(effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::TempDir::new()?;
        let (small, large) = (1000, effort.pick(50_000, 1_000_000));
        let few = at(&folder.path().join("small.db"), small).await?;
        let many = at(&folder.path().join("large.db"), large).await?;
        for (what, few, many) in [
            ("a page of 50 sessions", few.page, many.page),
            ("a page of one user's sessions", few.user_page, many.user_page),
            ("a session looked up", few.look_up, many.look_up),
            ("revoking one user", few.revoke, many.revoke),
        ] {
            let what = format!("{what}, at {large} sessions");
            let against = format!("at {small}: {few:.0} µs");
            table.row(&what, format!("{many:.0} µs"), against, many / few, " ×", Bar::AtMost(1.5));
        }
        Ok(())
    })
}

async fn at(path: &std::path::Path, count: usize) -> anyhow::Result<Figures> {
    let store = seed::open(path)?;
    let started = Instant::now();
    let some = seed::sessions(&store, count).await?;
    say(&format!("  {count} sessions in {:.1} s", started.elapsed().as_secs_f64()));
    let figures = figures(&store, &some).await?;
    store.close().await;
    Ok(figures)
}

async fn figures(
    store: &Arc<SqliteStore>,
    some: &[(counterfoil_core::SessionId, counterfoil_core::UserId)],
) -> anyhow::Result<Figures> {
    let now = SystemClock.now();
    let (mut pages, mut user_pages, mut look_ups, mut revocations) = (vec![], vec![], vec![], vec![]);
    let micros = |started: Instant| started.elapsed().as_secs_f64() * 1e6;
    for (session, user) in some.iter().take(200) {
        let filter = SessionFilter { state: Some(SessionState::Alive), ..SessionFilter::default() };
        let started = Instant::now();
        store.sessions(&filter, PageRequest::new(50, Some(*session)), now).await?;
        pages.push(micros(started));
        let started = Instant::now();
        let of_user = SessionFilter { user: Some(*user), ..SessionFilter::default() };
        store.sessions(&of_user, PageRequest::new(50, None), now).await?;
        user_pages.push(micros(started));
        let started = Instant::now();
        store.session(*session).await?;
        look_ups.push(micros(started));
    }
    for (_, user) in some.iter().rev().take(100) {
        let started = Instant::now();
        let command = Revoke {
            selection: Selection::user(*user),
            reason: EndReason::RevokedByAdministrator,
            by: None,
            note: None,
            now,
        };
        store.revoke(command).await?;
        revocations.push(micros(started));
    }
    Ok(Figures {
        page: median(&pages),
        user_page: median(&user_pages),
        look_up: median(&look_ups),
        revoke: median(&revocations),
    })
}
