//! Values that can be read and still make no sense: a server that listens and accepts nobody, or that cannot be started.
//! Every one is refused before anything is opened, with the key that it stands under.

use std::path::Path;
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use super::StoreUrl;
use super::{Config, Span};

/// A key whose value is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfBounds {
    pub(super) section: &'static str,
    pub(super) key: &'static str,
    pub(super) message: String,
}

const HOUR: Duration = Duration::from_secs(3600);
const TEN_YEARS: Duration = Duration::from_secs(3650 * 86_400);

/// Refuses the first value that makes no sense.
pub(super) fn check(config: &Config) -> Result<(), OutOfBounds> {
    let Config { server, storage, passwords, sessions, keys, audit, logging, sign_up: _ } = config;

    let section = |section| move |key, outcome: Result<(), String>| refuse(section, key, outcome);
    let in_server = section("server");
    in_server("listen", address(&server.listen))?;
    in_server("public_url", public_url(&server.public_url))?;
    in_server("body_limit", number(server.body_limit, 1024, 64 * 1024 * 1024))?;
    in_server("request_timeout", span(server.request_timeout, Duration::from_millis(100), HOUR))?;
    in_server("shutdown_grace", span(server.shutdown_grace, Duration::ZERO, HOUR))?;
    in_server("max_connections", number(server.max_connections, 1, 1_000_000))?;

    let in_storage = section("storage");
    in_storage("data", if storage.data.is_empty() { Err("name a folder".to_owned()) } else { Ok(()) })?;
    in_storage("accounts", StoreUrl::read(&storage.accounts, Path::new("")).map(drop))?;
    if let Ok(StoreUrl::Redis(_)) = StoreUrl::read(&storage.accounts, Path::new("")) {
        let message = "Redis keeps sessions: keep accounts in sqlite:PATH or postgres://USER@HOST/DATABASE";
        in_storage("accounts", Err(message.to_owned()))?;
    }
    in_storage("sessions", StoreUrl::read(&storage.sessions, Path::new("")).map(drop))?;

    let in_passwords = section("passwords");
    in_passwords("min_length", number(passwords.min_length, 1, 256))?;
    in_passwords("parallelism", number(passwords.parallelism, 1, 64))?;
    // Argon2 needs eight blocks a lane (RFC 9106, section 3.1).
    let least = passwords.parallelism.saturating_mul(8);
    in_passwords("memory_kib", number(passwords.memory_kib, least, 4 * 1024 * 1024))?;
    in_passwords("iterations", number(passwords.iterations, 1, 1000))?;
    in_passwords("workers", number(passwords.workers, 0, 256))?;
    in_passwords("queue", number(passwords.queue, 1, 100_000))?;

    let in_sessions = section("sessions");
    in_sessions("cache_entries", number(sessions.cache_entries, 1, 100_000_000))?;
    in_sessions("view_limit", span(sessions.view_limit, Duration::from_secs(1), HOUR))?;
    in_sessions("retention", span(sessions.retention, Duration::ZERO, TEN_YEARS))?;
    in_sessions("confirmation_wait", span(sessions.confirmation_wait, Duration::ZERO, HOUR))?;

    if keys.rotation != Span(Duration::ZERO) {
        refuse("keys", "rotation", span(keys.rotation, HOUR, TEN_YEARS))?;
    }
    refuse("audit", "retention", span(audit.retention, Duration::ZERO, TEN_YEARS))?;
    refuse("logging", "level", level(&logging.level))
}

fn refuse(section: &'static str, key: &'static str, outcome: Result<(), String>) -> Result<(), OutOfBounds> {
    outcome.map_err(|message| OutOfBounds { section, key, message })
}

fn number<N: PartialOrd + std::fmt::Display>(value: N, least: N, most: N) -> Result<(), String> {
    if value < least || value > most {
        return Err(format!("{value} is not between {least} and {most}"));
    }
    Ok(())
}

fn span(Span(value): Span, least: Duration, most: Duration) -> Result<(), String> {
    if value < least || value > most {
        return Err(format!("{} is not between {} and {}", Span(value), Span(least), Span(most)));
    }
    Ok(())
}

/// A host and a port. Whether the host is one of this machine's is found out when it is listened at.
fn address(text: &str) -> Result<(), String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(()),
        _ => Err(format!("{text:?} is no address: write a host and a port, for example 127.0.0.1:8080")),
    }
}

fn public_url(text: &str) -> Result<(), String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        _ if text.is_empty() => Ok(()),
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@']) => Ok(()),
        _ => Err(format!(
            "{text:?} is not http:// or https:// and a host, without a path, query or trailing slash"
        )),
    }
}

/// Directives of the log's filter. A bare word would be taken for a target, and a level that is misspelt silence the rest.
fn level(text: &str) -> Result<(), String> {
    let misspelt = text
        .split(',')
        .find(|part| !part.contains(['=', '[']) && part.trim().parse::<LevelFilter>().is_err());
    match misspelt {
        None => tracing_subscriber::EnvFilter::try_new(text).map(drop).map_err(|error| error.to_string()),
        Some(part) => Err(format!("{part:?} is none of error, warn, info, debug, trace and off")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_make_sense() {
        assert_eq!(check(&Config::default()), Ok(()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_under_its_key() {
        type Change = fn(&mut Config);
        let refused: [(&str, Change); 14] = [
            ("listen", |c| c.server.listen = "8080".to_owned()),
            ("public_url", |c| c.server.public_url = "https://id.example.test/".to_owned()),
            ("public_url", |c| c.server.public_url = "ftp://id.example.test".to_owned()),
            ("max_connections", |c| c.server.max_connections = 0),
            ("max_connections", |c| c.server.max_connections = usize::MAX),
            ("request_timeout", |c| c.server.request_timeout = Span(Duration::ZERO)),
            ("data", |c| c.storage.data = String::new()),
            ("sessions", |c| c.storage.sessions = "mysql://localhost".to_owned()),
            ("memory_kib", |c| c.passwords.memory_kib = 7),
            ("workers", |c| c.passwords.workers = 1_000_000),
            ("view_limit", |c| c.sessions.view_limit = Span(Duration::from_millis(1))),
            ("rotation", |c| c.keys.rotation = Span(Duration::from_secs(1))),
            ("level", |c| c.logging.level = "inof".to_owned()),
            ("level", |c| c.logging.level = "info,counterfoil_web=loud".to_owned()),
        ];
        for (key, change) in refused {
            let mut config = Config::default();
            change(&mut config);
            assert_eq!(check(&config).unwrap_err().key, key);
        }
    }

    #[test]
    fn what_is_unusual_is_accepted() {
        let changes: [fn(&mut Config); 6] = [
            |c| c.server.listen = "[::1]:0".to_owned(),
            |c| c.server.public_url = "https://id.example.test:8443".to_owned(),
            |c| c.storage.sessions = "sqlite:/s.db".to_owned(),
            |c| c.keys.rotation = Span(Duration::ZERO),
            |c| c.logging.level = "info,counterfoil_web=debug".to_owned(),
            |c| c.passwords.memory_kib = 8,
        ];
        for change in changes {
            let mut config = Config::default();
            change(&mut config);
            assert_eq!(check(&config), Ok(()));
        }
    }
}
