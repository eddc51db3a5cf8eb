//! Redis's errors, told by what the caller can do about them.

use counterfoil_core::port::StoreError;
use redis::{ErrorKind, RedisError};

/// Codes of answers that say "not now": it is starting, electing, moving keys, or busy with a script.
const LATER: &[&str] =
    &["LOADING", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "MOVED", "ASK", "BUSY", "NOREPLICAS"];
/// Codes of answers that say that nothing can be written.
const READ_ONLY: &[&str] = &["READONLY", "MISCONF"];

/// The port's error for one of Redis's. None of these holds a URL or a password: the library puts neither into its errors.
pub(crate) fn store_error(error: RedisError) -> StoreError {
    let code = error.code().unwrap_or_default().to_owned();
    // Before version 7, what failed inside of a script is told within the text.
    let text = error.detail().unwrap_or_default();
    let says = |words: &[&str]| {
        words.iter().any(|word| code == *word || (code == "ERR" && text.contains(&format!("-{word} "))))
    };
    match error.kind() {
        ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => StoreError::Unavailable(error.into()),
        _ if says(&["OOM"]) => StoreError::Full(error.into()),
        _ if says(READ_ONLY) => StoreError::ReadOnly(error.into()),
        _ if says(LATER) => StoreError::Unavailable(error.into()),
        _ => StoreError::Broken(error.into()),
    }
}

/// Whether another connection may do better: this one is gone, or leads to a server that is not the primary any more.
pub(crate) fn wants_another_connection(error: &RedisError) -> bool {
    error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Io
        || matches!(error.code(), Some("READONLY" | "MASTERDOWN"))
}

/// An answer that cannot be what it should be.
pub(crate) fn corrupt(what: &'static str) -> StoreError {
    StoreError::Broken(what.into())
}

/// The store was closed.
pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("the store was closed".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis::{Value, parse_redis_value};

    fn told(answer: &str) -> StoreError {
        let value = parse_redis_value(format!("{answer}\r\n").as_bytes()).unwrap();
        let Value::ServerError(error) = value else { panic!("{value:?}") };
        store_error(error.into())
    }

    #[test]
    fn answers_are_told_by_what_can_be_done() {
        for answer in
            ["-LOADING Redis is loading", "-TRYAGAIN later", "-CLUSTERDOWN x", "-MASTERDOWN x", "-BUSY x"]
        {
            assert!(matches!(told(answer), StoreError::Unavailable(_)), "{answer}");
        }
        for answer in [
            "-OOM command not allowed when used memory > 'maxmemory'.",
            "-ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed",
        ] {
            assert!(matches!(told(answer), StoreError::Full(_)), "{answer}");
        }
        for answer in ["-READONLY You can't write against a read only replica.", "-MISCONF no disk"] {
            assert!(matches!(told(answer), StoreError::ReadOnly(_)), "{answer}");
        }
        assert!(matches!(told("-WRONGTYPE Operation against a key"), StoreError::Broken(_)));
    }
}
