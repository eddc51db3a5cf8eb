//! What an operator can choose about HTTP. Every value has a default that is good to start with.

use std::time::Duration;

use ipnet::IpNet;

/// Settings of the HTTP surface.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// The reverse proxies whose `X-Forwarded-For` is believed. From any other peer the header is ignored.
    pub trusted_proxies: Vec<IpNet>,
    /// The most bytes of a request's body.
    pub body_limit: usize,
    /// For how long a request's body may take to arrive, and for how long after that an answer may take.
    pub request_timeout: Duration,
    /// Where the server listens, as it is told on the page at `/`.
    pub listen: String,
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            body_limit: 64 * 1024,
            request_timeout: Duration::from_secs(30),
            listen: "127.0.0.1:8080".to_owned(),
        }
    }
}
