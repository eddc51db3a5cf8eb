//! Lists of sessions and of token records, newest first.

use counterfoil_core::port::{SearchText, SessionFilter, TokenFilter, TokenListing};
use counterfoil_core::session::{Origin, Session};
use counterfoil_core::{Page, PageRequest, SessionId, Timestamp, TokenId, UserId};
use rusqlite::{Connection, Row};

use super::{feed, record, tokens};
use crate::columns::Result;
use crate::paging::collect_page;

/// The bounds of a list, as parameters of its statement.
struct Bounds {
    before: [u8; 16],
    from: [u8; 16],
}

pub(super) fn sessions(
    connection: &Connection,
    filter: &SessionFilter,
    page: PageRequest<SessionId>,
    now: Timestamp,
) -> Result<Page<Session, SessionId>> {
    let unfinished = feed::unfinished(connection)?;
    let search = Search::new(filter.search.as_ref());
    let matches = |session: &Session| {
        filter.client.as_ref().is_none_or(|client| *client == session.client)
            && filter.mode.is_none_or(|mode| mode == session.mode())
            && filter.state.is_none_or(|state| state == session.state(now))
            && search.matches(session.user, &session.origin)
    };
    let bounds = Bounds {
        before: page.after.map_or([0xFF; 16], |id| *id.as_bytes()),
        from: filter.created_after.map_or([0; 16], |at| *SessionId::least_of(at).as_bytes()),
    };
    let read = |row: &Row<'_>| Ok(feed::with_unfinished(&unfinished, record::read(row)?));
    let user = filter.user.map(|user| *user.as_bytes());
    let client = filter.client.as_ref().map(|client| client.as_str());
    let sql = select("sessions", user.is_some(), client.is_some());
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = query(&mut statement, bounds, user, client)?;
    collect_page(rows, page.limit, read, matches, |session| session.id)
}

pub(super) fn tokens(
    connection: &Connection,
    filter: &TokenFilter,
    page: PageRequest<TokenId>,
    now: Timestamp,
) -> Result<Page<TokenListing, TokenId>> {
    let unfinished = feed::unfinished(connection)?;
    let search = Search::new(filter.search.as_ref());
    let matches = |TokenListing { record, session_end, .. }: &TokenListing| {
        filter.client.as_ref().is_none_or(|client| *client == record.client)
            && filter.user.is_none_or(|user| user == record.user)
            && filter.state.is_none_or(|state| state == record.state(session_end.as_ref(), now))
            && search.matches(record.user, &record.origin)
    };
    let bounds = Bounds {
        before: page.after.map_or([0xFF; 16], |id| *id.as_bytes()),
        from: filter.created_after.map_or([0; 16], |at| *TokenId::least_of(at).as_bytes()),
    };
    let read = |row: &Row<'_>| tokens::with_session(connection, &unfinished, tokens::read(row)?);
    let cursor = |listing: &TokenListing| listing.record.id;
    if let Some(session) = filter.session {
        let sql =
            "SELECT * FROM tokens WHERE session = :user AND id < :before AND id >= :from AND :client IS NULL
            ORDER BY id DESC";
        let mut statement = connection.prepare_cached(sql)?;
        let rows = query(&mut statement, bounds, Some(*session.as_bytes()), None)?;
        return collect_page(rows, page.limit, read, matches, cursor);
    }
    let user = filter.user.map(|user| *user.as_bytes());
    let client = filter.client.as_ref().map(|client| client.as_str());
    let sql = select("tokens", user.is_some(), client.is_some());
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = query(&mut statement, bounds, user, client)?;
    collect_page(rows, page.limit, read, matches, cursor)
}

/// The narrowest index serves: a user's, else a client's, else all. It is named, because the planner goes by averages:
/// where one client has nearly all sessions, it would look through these for those of another.
fn select(table: &str, by_user: bool, by_client: bool) -> String {
    let (index, by) = match (by_user, by_client) {
        (true, _) => (format!("INDEXED BY {table}_by_user"), "user = :user AND (:client IS NULL OR 1)"),
        (false, true) => (format!("INDEXED BY {table}_by_client"), "client = :client AND :user IS NULL"),
        (false, false) => (String::new(), "(:user IS NULL AND :client IS NULL)"),
    };
    format!("SELECT * FROM {table} {index} WHERE {by} AND id < :before AND id >= :from ORDER BY id DESC")
}

fn query<'s>(
    statement: &'s mut rusqlite::CachedStatement<'_>,
    bounds: Bounds,
    user: Option<[u8; 16]>,
    client: Option<&str>,
) -> Result<rusqlite::Rows<'s>> {
    statement.query(rusqlite::named_params! {
        ":user": user,
        ":client": client,
        ":before": bounds.before,
        ":from": bounds.from,
    })
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
    use super::*;

    /// The plan of a list's statement, whatever the planner has learnt.
    fn plan(connection: &Connection, table: &str, by_user: bool, by_client: bool) -> String {
        let sql = format!("EXPLAIN QUERY PLAN {}", select(table, by_user, by_client));
        let mut statement = connection.prepare(&sql).unwrap();
        let user = by_user.then_some([1_u8; 16]);
        let client = by_client.then_some("web");
        let params = rusqlite::named_params! {
            ":user": user, ":client": client, ":before": [0xFF_u8; 16], ":from": [0_u8; 16],
        };
        let steps = statement.query_map(params, |row| row.get::<_, String>("detail")).unwrap();
        steps.collect::<Result<Vec<_>>>().unwrap().join("; ")
    }

    /// One client and one user have nearly all: by what the planner learns of these, an index of clients seems to be worth
    /// little. For the others it is worth all.
    const POPULATE: &str = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
        INSERT INTO sessions (id, user, client, auth_time, generation, last_seen_at, idle_timeout, expires_at, over_at)
        SELECT randomblob(16), CASE WHEN n < 5 THEN randomblob(16) ELSE zeroblob(16) END,
        CASE WHEN n < 5 THEN 'rare' ELSE 'web' END, 0, 0, 0, 0, 0, n FROM numbers;
        INSERT INTO tokens (id, session, user, client, issued_at, expires_at, algorithm, key_id, claims, digest)
        SELECT randomblob(16), id, user, client, 0, over_at, 'ES256', 'k', '{}', x'' FROM sessions; ANALYZE;";

    #[test]
    fn lists_walk_the_narrowest_index_and_sort_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../migrations/0001_initial.sql")).unwrap();
        for learnt in [false, true] {
            if learnt {
                connection.execute_batch(POPULATE).unwrap();
            }
            for table in ["sessions", "tokens"] {
                for (by_user, by_client, index) in [
                    (true, false, "by_user (user=? AND id>? AND id<?)"),
                    (true, true, "by_user (user=? AND id>? AND id<?)"),
                    (false, true, "by_client (client=? AND id>? AND id<?)"),
                    (false, false, "PRIMARY KEY (id>? AND id<?)"),
                ] {
                    let plan = plan(&connection, table, by_user, by_client);
                    assert!(
                        plan.contains(index) && !plan.contains("TEMP B-TREE"),
                        "learnt: {learnt}: {plan}"
                    );
                }
            }
        }
    }
}
