//! What the statements on sessions have in common, as literals, so that each statement is one.

/// The columns of a session.
macro_rules! session_columns {
    () => {
        "s.id, s.user_id, s.client_id, s.auth_time, s.address, s.user_agent, s.generation, s.last_seen_at,
        s.idle_timeout, s.expires_at, s.secret, s.previous, s.previous_until, s.counter, s.rotated_at,
        s.refresh_window, s.token_id, s.tokens_until, s.ended_at, s.end_reason, s.ended_by, s.end_note"
    };
}

/// Of a marker of many whose work is not finished: whether it covers the session `s`.
macro_rules! unfinished_covers {
    () => {
        "unfinished AND (markers.client_id IS NULL OR markers.client_id = s.client_id)
        AND CASE WHEN begun_below IS NULL THEN sequence > s.generation ELSE s.id < begun_below END"
    };
}

/// Beside a session `s`, the oldest such marker. In the same statement, and so of the same moment: it is either there
/// still, or what it means is in the session's row.
macro_rules! with_marker {
    () => {
        concat!(
            " LEFT JOIN LATERAL (SELECT created_at AS marker_at, reason AS marker_reason, made_by AS marker_by,
            note AS marker_note FROM markers WHERE ",
            unfinished_covers!(),
            " ORDER BY sequence LIMIT 1) m ON true "
        )
    };
}

/// Sessions, with what a marker says whose work is not finished.
macro_rules! select_sessions {
    () => {
        concat!(
            "SELECT ",
            session_columns!(),
            ", marker_at, marker_reason, marker_by, marker_note FROM sessions s",
            with_marker!()
        )
    };
}

/// Whether commands may still change the session `s`, at an instant that the statement has as this expression: it is
/// alive, and no revocation has ended it. One counts from when it was made, whatever the clock of the node that made it
/// said: only being superseded can lie ahead.
macro_rules! goes_on_at {
    ($instant:literal) => {
        concat!(
            "s.over_at > ",
            $instant,
            " AND (s.ended_at IS NULL OR s.end_reason = 'superseded')
            AND NOT EXISTS (SELECT FROM markers WHERE ",
            unfinished_covers!(),
            ")"
        )
    };
}

/// When a cookie session will be over that is used at this instant.
macro_rules! over_when_used_at {
    ($instant:literal) => {
        concat!("LEAST(", $instant, " + s.idle_timeout, s.expires_at, s.ended_at)")
    };
}

pub(super) use {
    goes_on_at, over_when_used_at, select_sessions, session_columns, unfinished_covers, with_marker,
};
