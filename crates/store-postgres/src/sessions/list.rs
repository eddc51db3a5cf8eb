//! Lists of sessions and of token records, newest first.
//!
//! Lists walk an index from its end, and are planned each time for the very page. Those of a user or a client compare
//! rows, `(user_id, id) < (…)`, and sort by both: only the index of both gives that order, so that the planner, who goes
//! by averages, cannot look through everybody's sessions for those of a client that has few.

use counterfoil_core::port::{SearchText, SessionFilter, TokenFilter, TokenListing};
use counterfoil_core::session::{Origin, Session};
use counterfoil_core::{ClientId, Page, PageRequest, SessionId, Timestamp, TokenId, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::sql::{select_sessions, session_columns, unfinished_covers, with_marker};
use super::tokens::select_tokens;
use super::{record, tokens};
use crate::columns::{MAX, key};
use crate::error::Result;
use crate::lease::Lease;
use crate::paging::collect_page;
use crate::pool::Pool;

/// What is listed: the narrowest index serves.
enum Of<'a> {
    All,
    User(Uuid),
    Client(&'a str),
    /// Only tokens are listed so.
    Session(Uuid),
}

pub(super) async fn sessions(
    pool: &Pool,
    filter: &SessionFilter,
    page: PageRequest<SessionId>,
    now: Timestamp,
) -> Result<Page<Session, SessionId>> {
    let search = Search::new(filter.search.as_ref());
    let matches = |session: &Session| {
        filter.client.as_ref().is_none_or(|client| *client == session.client)
            && filter.mode.is_none_or(|mode| mode == session.mode())
            && filter.state.is_none_or(|state| state == session.state(now))
            && search.matches(session.user, &session.origin)
    };
    let of = of(filter.user, filter.client.as_ref());
    let from = filter.created_after.map_or(Uuid::nil(), |at| key(SessionId::least_of(at).as_bytes()));
    let lease = &pool.get().await?;
    let (of, select) = (&of, select_sessions!());
    let piece = |before: Option<SessionId>, limit: i64| async move {
        let before = before.map_or(MAX, |id| key(id.as_bytes()));
        let rows = rows(lease, select, "s", of, (from, before), limit).await?;
        rows.iter().map(record::read).collect()
    };
    collect_page(page.limit, page.after, piece, matches, |session| session.id).await
}

pub(super) async fn tokens(
    pool: &Pool,
    filter: &TokenFilter,
    page: PageRequest<TokenId>,
    now: Timestamp,
) -> Result<Page<TokenListing, TokenId>> {
    let search = Search::new(filter.search.as_ref());
    let matches = |TokenListing { record, session_end, .. }: &TokenListing| {
        filter.client.as_ref().is_none_or(|client| *client == record.client)
            && filter.user.is_none_or(|user| user == record.user)
            && filter.state.is_none_or(|state| state == record.state(session_end.as_ref(), now))
            && search.matches(record.user, &record.origin)
    };
    let of = match filter.session {
        Some(session) => Of::Session(key(session.as_bytes())),
        None => of(filter.user, filter.client.as_ref()),
    };
    let from = filter.created_after.map_or(Uuid::nil(), |at| key(TokenId::least_of(at).as_bytes()));
    let lease = &pool.get().await?;
    let (of, select) = (&of, select_tokens!());
    let piece = |before: Option<TokenId>, limit: i64| async move {
        let before = before.map_or(MAX, |id| key(id.as_bytes()));
        let rows = rows(lease, select, "t", of, (from, before), limit).await?;
        rows.iter().map(tokens::read).collect()
    };
    collect_page(page.limit, page.after, piece, matches, |listing| listing.record.id).await
}

fn of(user: Option<UserId>, client: Option<&ClientId>) -> Of<'_> {
    match (user, client) {
        (Some(user), _) => Of::User(key(user.as_bytes())),
        (None, Some(client)) => Of::Client(client.as_str()),
        (None, None) => Of::All,
    }
}

/// The rows from the one bound on and below the other, newest first.
async fn rows(
    lease: &Lease,
    select: &str,
    table: &str,
    of: &Of<'_>,
    (from, before): (Uuid, Uuid),
    limit: i64,
) -> Result<Vec<Row>> {
    let mut params: Vec<(&(dyn ToSql + Sync), Type)> =
        vec![(&before, Type::UUID), (&from, Type::UUID), (&limit, Type::INT8)];
    params.extend(of.param());
    lease.query_planned(&statement(select, table, of), &params).await
}

fn statement(select: &str, table: &str, of: &Of<'_>) -> String {
    let column = match of {
        Of::All => {
            return format!(
                "{select} WHERE {table}.id < $1 AND {table}.id >= $2 ORDER BY {table}.id DESC LIMIT $3"
            );
        }
        Of::User(_) => "user_id",
        Of::Client(_) => "client_id",
        Of::Session(_) => "session_id",
    };
    format!(
        "{select} WHERE ({table}.{column}, {table}.id) < ($4, $1) AND ({table}.{column}, {table}.id) >= ($4, $2)
        ORDER BY {table}.{column} DESC, {table}.id DESC LIMIT $3"
    )
}

impl Of<'_> {
    fn param(&self) -> Option<(&(dyn ToSql + Sync), Type)> {
        match self {
            Self::All => None,
            Self::User(id) | Self::Session(id) => Some((id, Type::UUID)),
            Self::Client(id) => Some((id, Type::TEXT)),
        }
    }
}

struct Search<'a>(Option<(&'a [UserId], String)>);

impl<'a> Search<'a> {
    fn new(search: Option<&'a SearchText>) -> Self {
        Self(search.map(|search| (search.users.as_slice(), search.text.to_lowercase())))
    }

    fn matches(&self, user: UserId, origin: &Origin) -> bool {
        let Some((users, text)) = &self.0 else { return true };
        users.contains(&user)
            || origin.address.is_some_and(|address| address.to_string().starts_with(text))
            || origin.user_agent.as_ref().is_some_and(|agent| agent.to_lowercase().contains(text))
    }
}

#[cfg(test)]
mod tests {
    use counterfoil_store_testkit::servers::postgres::Postgres;

    use super::*;
    use crate::{PostgresOptions, PostgresStore};

    /// Ten thousand sessions, nearly all of one user through one client, each with a token.
    const POPULATE: &str = "
        INSERT INTO sessions (id, user_id, client_id, auth_time, generation, last_seen_at, idle_timeout, expires_at, over_at)
        SELECT md5('session' || n)::uuid, md5('user' || (n % 1000 = 0))::uuid,
        CASE WHEN n % 1000 = 0 THEN 'rare' ELSE 'web' END, 0, 0, 0, 0, 0, n FROM generate_series(1, 10000) AS n;
        INSERT INTO tokens (id, session_id, user_id, client_id, issued_at, expires_at, algorithm, key_id, claims, digest)
        SELECT md5('token' || id)::uuid, id, user_id, client_id, 0, over_at, 'ES256', 'k', '{}', '' FROM sessions;
        ANALYZE";

    #[tokio::test]
    async fn lists_walk_the_narrowest_index_and_sort_nothing() {
        let server = Postgres::start();
        let url = server.create_database();
        let store = PostgresStore::connect(&url, PostgresOptions::default()).await.unwrap();
        let lease = store.pool.get().await.unwrap();
        lease.batch(POPULATE).await.unwrap();
        let row =
            lease.query_one("SELECT user_id, id FROM sessions WHERE client_id = 'web' LIMIT 1", &[]).await;
        let row = row.unwrap();
        let (user, session): (Uuid, Uuid) = (row.get("user_id"), row.get("id"));
        let lists = [
            (Of::All, "pkey"),
            (Of::User(user), "by_user"),
            (Of::User(Uuid::nil()), "by_user"),
            (Of::Client("web"), "by_client"),
            (Of::Client("rare"), "by_client"),
            (Of::Session(session), "by_session"),
        ];
        for (select, table, name) in
            [(select_sessions!(), "s", "sessions"), (select_tokens!(), "t", "tokens")]
        {
            for (of, index) in
                lists.iter().filter(|(of, _)| name == "tokens" || !matches!(of, Of::Session(_)))
            {
                for limit in [2_i64, 201, 1000] {
                    let sql = format!("EXPLAIN {}", statement(select, table, of));
                    let mut params: Vec<(&(dyn ToSql + Sync), Type)> =
                        vec![(&MAX, Type::UUID), (&session, Type::UUID), (&limit, Type::INT8)];
                    params.extend(of.param());
                    let rows = lease.query_planned(&sql, &params).await.unwrap();
                    let plan: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
                    let plan = plan.join("\n");
                    assert!(plan.contains(&format!("Index Scan Backward using {name}_{index}")), "{plan}");
                    assert!(!plan.contains("Seq Scan") && !plan.contains("Sort  "), "{limit}: {plan}");
                }
            }
        }
    }
}
