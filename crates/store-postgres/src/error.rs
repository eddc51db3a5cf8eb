//! PostgreSQL's errors, told by what the caller can do about them.

use std::error::Error as _;

use counterfoil_core::port::StoreError;
use tokio_postgres::error::SqlState;

/// What a command inside this crate returns.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// What can go wrong in here.
#[derive(Debug)]
pub(crate) enum Error {
    /// PostgreSQL refused a statement.
    Refused(Refused),
    /// There is no connection, or none could be made.
    Unreachable(Box<dyn std::error::Error + Send + Sync>),
    /// A value that cannot be what it should be, or a call that makes no sense.
    Broken(Box<dyn std::error::Error + Send + Sync>),
    /// The tables are a newer version's.
    FromTheFuture { found: u32, known: u32 },
}

/// What PostgreSQL says, without the detail and the context: these may quote a row.
#[derive(Debug, thiserror::Error)]
#[error("{message} (SQLSTATE {})", state.code())]
pub(crate) struct Refused {
    state: SqlState,
    message: String,
}

impl Error {
    /// Whether PostgreSQL gave the transaction up, for the sake of another one or because it heard nothing for too long, as
    /// on a machine that is overloaded: done again, it may succeed.
    pub(crate) fn lost_a_race(&self) -> bool {
        let states = [
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        ];
        matches!(self, Self::Refused(refused) if states.contains(&refused.state))
    }

    /// Whether the connection should not be used again: after a change of roles it leads to a server that only reads, or
    /// it was ended.
    pub(crate) fn spoils_the_connection(&self) -> bool {
        let states = [SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT];
        matches!(self, Self::Refused(refused) if states.contains(&refused.state))
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(told) => {
                Self::Refused(Refused { state: told.code().clone(), message: told.message().to_owned() })
            }
            None if error.is_closed() || is_io(&error) => Self::Unreachable(error.into()),
            None => Self::Broken(error.into()),
        }
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    error.source().is_some_and(|source| source.is::<std::io::Error>())
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refused) => refused.into(),
            Error::Unreachable(source) => Self::Unavailable(source),
            Error::Broken(source) => Self::Broken(source),
            Error::FromTheFuture { found, known } => Self::FromTheFuture { found, known },
        }
    }
}

impl From<Refused> for StoreError {
    fn from(refused: Refused) -> Self {
        // PostgreSQL's manual, appendix A: the first two characters of a code are its class.
        match refused.state.code() {
            "53100" => Self::Full(refused.into()),
            // A transaction that only reads, and a role without the right to write.
            "25006" | "42501" => Self::ReadOnly(refused.into()),
            // No such database, a transaction that idled, a lock that was not to be had in time.
            "3D000" | "25P03" | "55P03" => Self::Unavailable(refused.into()),
            code => match code.get(..2) {
                // Connection, authorisation, rollback for another's sake, resources, operator's intervention, system.
                Some("08" | "28" | "40" | "53" | "57" | "58") => Self::Unavailable(refused.into()),
                _ => Self::Broken(refused.into()),
            },
        }
    }
}

/// A value in the database that cannot be what it should be.
pub(crate) fn corrupt(what: &'static str) -> Error {
    Error::Broken(what.into())
}

/// The store was closed.
pub(crate) fn closed() -> Error {
    Error::Unreachable("the store was closed".into())
}

/// There was no answer in time.
pub(crate) fn late() -> Error {
    Error::Unreachable("PostgreSQL did not answer in time".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store_error(code: &str) -> StoreError {
        Refused { state: SqlState::from_code(code), message: "no".to_owned() }.into()
    }

    #[test]
    fn states_are_told_by_what_the_caller_can_do() {
        for code in ["57P01", "57P02", "57P03", "53300", "40P01", "40001", "57014", "55P03", "08006", "28P01"]
        {
            assert!(matches!(store_error(code), StoreError::Unavailable(_)), "{code}");
        }
        assert!(matches!(store_error("53100"), StoreError::Full(_)));
        assert!(matches!(store_error("25006"), StoreError::ReadOnly(_)));
        for code in ["42P01", "23505", "22021", "0A000"] {
            assert!(matches!(store_error(code), StoreError::Broken(_)), "{code}");
        }
    }

    #[test]
    fn what_lost_a_race_is_tried_again() {
        let refused =
            |code: &str| Error::Refused(Refused { state: SqlState::from_code(code), message: String::new() });
        assert!(refused("40P01").lost_a_race());
        assert!(!refused("57014").lost_a_race());
        assert!(!closed().lost_a_race());
    }
}
