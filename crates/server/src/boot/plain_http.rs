//! Plain HTTP stays on this machine, unless the operator says `danger`.

use std::net::{IpAddr, SocketAddr};

use anyhow::bail;

/// Refuses to let credentials travel in the clear.
pub(crate) fn refuse_plain_http(
    listen: SocketAddr,
    public_url: Option<&str>,
    danger: bool,
) -> anyhow::Result<()> {
    if danger {
        return Ok(());
    }
    match public_url {
        Some(url) if url.starts_with("https://") => Ok(()),
        Some(url) if !is_local_url(url) => bail!(
            "the public URL {url} is plain HTTP: cookies and tokens could be read on the way. Put HTTPS in front and \
             name it with --public-url https://…, or say --danger-plain-http"
        ),
        _ if !listen.ip().is_loopback() => bail!(
            "listening at {listen} would serve plain HTTP to other machines. Put HTTPS in front and name it with \
             --public-url https://…, or say --danger-plain-http"
        ),
        _ => Ok(()),
    }
}

fn is_local_url(url: &str) -> bool {
    let authority = url.strip_prefix("http://").unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_do_not_travel_in_the_clear() {
        let local: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        let open: SocketAddr = "0.0.0.0:8080".parse().unwrap();
        let fine = [
            (local, None),
            (local, Some("http://localhost:8080")),
            (local, Some("http://[::1]:8080")),
            (open, Some("https://id.example.test")),
        ];
        for (listen, url) in fine {
            assert!(refuse_plain_http(listen, url, false).is_ok(), "{listen} {url:?}");
        }
        let refused = [
            (open, None),
            (open, Some("http://localhost:8080")),
            (local, Some("http://id.example.test")),
            (local, Some("http://localhost.example.test")),
        ];
        for (listen, url) in refused {
            assert!(refuse_plain_http(listen, url, false).is_err(), "{listen} {url:?}");
            assert!(refuse_plain_http(listen, url, true).is_ok());
        }
    }
}
