//! The sections of the configuration and their defaults. Every key can be left out.

use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Span;

/// How people and proxies reach the server.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerSection {
    pub(crate) listen: String,
    pub(crate) public_url: String,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) body_limit: usize,
    pub(crate) request_timeout: Span,
    pub(crate) shutdown_grace: Span,
    pub(crate) max_connections: usize,
    pub(crate) danger_plain_http: bool,
}

impl Default for ServerSection {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            body_limit: 64 * 1024,
            request_timeout: Span(Duration::from_secs(30)),
            shutdown_grace: Span(Duration::from_secs(10)),
            max_connections: 10_000,
            danger_plain_http: false,
        }
    }
}

/// Where accounts and sessions are kept.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StorageSection {
    pub(crate) data: String,
    pub(crate) accounts: String,
    pub(crate) sessions: String,
    pub(crate) durability: DurabilityWord,
    pub(crate) master_key_file: String,
    pub(crate) danger_redis_eviction: bool,
}

/// How far an acknowledged write is durable.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DurabilityWord {
    Full,
    Normal,
}

impl Default for StorageSection {
    fn default() -> Self {
        Self {
            data: "./counterfoil-data".to_owned(),
            accounts: String::new(),
            sessions: String::new(),
            durability: DurabilityWord::Full,
            master_key_file: String::new(),
            danger_redis_eviction: false,
        }
    }
}

/// Who may make an account.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SignUpSection {
    pub(crate) open: bool,
}

impl Default for SignUpSection {
    fn default() -> Self {
        Self { open: true }
    }
}

/// What passwords must be, and what hashing them may cost. Zero workers are as many as there are processors.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PasswordsSection {
    pub(crate) min_length: usize,
    pub(crate) memory_kib: u32,
    pub(crate) iterations: u32,
    pub(crate) parallelism: u32,
    pub(crate) workers: usize,
    pub(crate) queue: usize,
}

impl Default for PasswordsSection {
    fn default() -> Self {
        Self { min_length: 8, memory_kib: 19_456, iterations: 2, parallelism: 1, workers: 0, queue: 64 }
    }
}

/// How sessions are checked and kept.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SessionsSection {
    pub(crate) cache_entries: usize,
    pub(crate) view_limit: Span,
    pub(crate) past_view_limit: PastLimitWord,
    pub(crate) retention: Span,
    pub(crate) confirmation_wait: Span,
}

/// What a check does when the view of the feed is too old.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PastLimitWord {
    AskThenRefuse,
    Refuse,
}

impl Default for SessionsSection {
    fn default() -> Self {
        Self {
            cache_entries: 100_000,
            view_limit: Span(Duration::from_secs(5)),
            past_view_limit: PastLimitWord::AskThenRefuse,
            retention: Span(Duration::from_secs(7 * 86_400)),
            confirmation_wait: Span(Duration::from_millis(250)),
        }
    }
}

/// The signing keys. A rotation of zero leaves it to the operator.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KeysSection {
    pub(crate) rotation: Span,
}

impl Default for KeysSection {
    fn default() -> Self {
        Self { rotation: Span(Duration::from_secs(90 * 86_400)) }
    }
}

/// The audit log.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuditSection {
    pub(crate) retention: Span,
}

impl Default for AuditSection {
    fn default() -> Self {
        Self { retention: Span(Duration::from_secs(400 * 86_400)) }
    }
}

/// The server's own log, on standard error.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LoggingSection {
    pub(crate) level: String,
    pub(crate) format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// Pretty on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl Default for LoggingSection {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Auto }
    }
}
