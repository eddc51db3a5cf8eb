//! The locks that are not rows: PostgreSQL's advisory ones, held until the end of the transaction.
//!
//! Each is numbered by the table that it is about, so that two installations in one database do not meet. Whoever takes
//! several locks takes them in this order, and so nobody waits in a circle: an advisory lock, then sessions by id, then
//! the row of the feed or of the accounts' head, which every commit that appends holds last and for a moment.

/// The first half of the numbers: "CFOI".
macro_rules! lock_class {
    () => {
        "1128681289"
    };
}

/// Taken by who logs in. Many hold it at once.
pub(crate) const LOG_IN: &str =
    concat!("SELECT pg_advisory_xact_lock_shared(", lock_class!(), ", 'feed'::regclass::oid::int)");

/// Taken by who makes a marker that log-ins under way may be covered by: it waits for them, and those that come later see
/// the marker. So a log-in is either seen by the revocation or sees it.
pub(crate) const NO_LOG_IN: &str =
    concat!("SELECT pg_advisory_xact_lock(", lock_class!(), ", 'feed'::regclass::oid::int)");

/// Taken by who sweeps, unless another does.
pub(crate) const SWEEP: &str =
    concat!("SELECT pg_try_advisory_xact_lock(", lock_class!(), ", 'markers'::regclass::oid::int) AS taken");

/// Taken by who changes the set of signing keys.
pub(crate) const KEYS: &str =
    concat!("SELECT pg_advisory_xact_lock(", lock_class!(), ", 'signing_keys'::regclass::oid::int)");

/// Taken by who makes or migrates the tables of the schema.
pub(crate) const MIGRATE: &str = "SELECT pg_advisory_xact_lock(1128681290, hashtext(current_schema()))";
