//! The database's URL: where it is, and whether the way there is encrypted. No error from here tells any part of it.

use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::error::{Error, Result};
use crate::tls::{MakeTls, Roots};

/// Where the database is, and how the connection is protected.
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) tls: MakeTls,
}

/// Reads a URL as libpq has it (PostgreSQL's manual, section 34.1.1.2). `sslmode` and `sslrootcert` are ours: whenever TLS is
/// spoken the certificate is verified, so `require` means what `verify-full` means, and `prefer` is not known. Without
/// `sslmode` TLS is spoken unless the server is on this machine.
pub(crate) fn read(url: &str) -> Result<Address> {
    if !["postgresql://", "postgres://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(unreadable());
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut roots, mut rest) = (None, Roots::System, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", "disable")) => mode = Some(SslMode::Disable),
            Some(("sslmode", "require" | "verify-full")) => mode = Some(SslMode::Require),
            Some(("sslmode", _)) => return Err(unreadable()),
            Some(("sslrootcert", "system")) => roots = Roots::System,
            Some(("sslrootcert", path)) => {
                let path = percent_decode_str(path).decode_utf8().map_err(|_| unreadable())?;
                roots = Roots::File(PathBuf::from(path.into_owned()));
            }
            _ => rest.push(pair),
        }
    }
    let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    // The error of the parser may quote what it could not read.
    let mut config: Config = url.parse().map_err(|_| unreadable())?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(unreadable());
    }
    let mode = mode.unwrap_or(if is_local(&config) { SslMode::Disable } else { SslMode::Require });
    config.ssl_mode(mode);
    let tls = if mode == SslMode::Disable { MakeTls::off() } else { MakeTls::verifying(&roots)? };
    Ok(Address { config, tls })
}

fn is_local(config: &Config) -> bool {
    let local_name = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    };
    match config.get_hostaddrs() {
        [] => config.get_hosts().iter().all(local_name),
        addresses => addresses.iter().all(IpAddr::is_loopback),
    }
}

fn unreadable() -> Error {
    let form = "the database's URL cannot be read: it has the form postgresql://user:password@host:5432/database, and may \
        end in ?sslmode= with disable, require or verify-full";
    Error::Broken(form.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> SslMode {
        read(url).map_err(|_| "it cannot be read").unwrap().config.get_ssl_mode()
    }

    #[test]
    fn the_way_to_another_machine_is_encrypted() {
        for local in ["localhost", "127.0.0.1:5433", "[::1]", "%2Frun%2Fpostgresql", "localhost,127.0.0.2"] {
            assert_eq!(mode(&format!("postgresql://ann:secret@{local}/db")), SslMode::Disable, "{local}");
        }
        for distant in ["db.example.test", "192.0.2.1", "localhost,db.example.test"] {
            assert_eq!(mode(&format!("postgres://ann@{distant}/db")), SslMode::Require, "{distant}");
            let chosen = format!("postgres://ann@{distant}/db?connect_timeout=3&sslmode=disable");
            assert_eq!(mode(&chosen), SslMode::Disable);
        }
        assert_eq!(mode("postgresql://localhost/db?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgresql://ann@db.example.test/db?hostaddr=127.0.0.1"), SslMode::Disable);
    }

    #[test]
    fn no_error_tells_the_password() {
        for wrong in [
            "host=db password=secret",
            "mysql://ann:secret@db/x",
            "postgresql:/ann:secret@db/x",
            "postgresql://ann:secret@db:secret/x",
            "postgresql://ann:secret@db/x?sslmode=prefer",
            "postgresql://ann:secret@db/x?sslmode=secret",
            "postgresql://ann:secret@db/x?secret=1",
            "postgresql://ann:secret@db/x?sslrootcert=/no/such/file",
            "postgresql:///x?password=secret",
        ] {
            let Err(error) = read(wrong) else { panic!("{wrong} was read") };
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }
}
