//! Requests byte by byte, as no well-behaved client sends them, over connections that are kept while the server keeps
//! them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::Server;

/// A client that sends whatever it is told to.
pub struct Raw {
    address: String,
    connection: Option<BufReader<TcpStream>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    /// The status code.
    pub status: u16,
    /// The header section.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Raw {
    /// One that is not connected yet.
    #[must_use]
    pub fn to(server: &Server) -> Self {
        Self { address: server.url.trim_start_matches("http://").to_owned(), connection: None }
    }

    /// Sends bytes and reads one answer; `None` when the server hung up without one.
    pub fn send(&mut self, request: &[u8]) -> Option<RawAnswer> {
        let mut connection = self.connection.take().unwrap_or_else(|| self.connect());
        // The server may have answered and hung up before all of it has arrived.
        let _ = connection.get_mut().write_all(request);
        let answer = read(&mut connection)?;
        let keep = !answer.head.to_ascii_lowercase().contains("connection: close") && answer.status != 400;
        if keep && connection.buffer().is_empty() {
            self.connection = Some(connection);
        }
        Some(answer)
    }

    /// `GET /v1/me` with one header, whose value may be any bytes.
    pub fn me(&mut self, header: &str, value: &[u8]) -> Option<RawAnswer> {
        let start = format!("GET /v1/me HTTP/1.1\r\nHost: x\r\n{header}: ");
        self.send(&[start.as_bytes(), value, b"\r\n\r\n"].concat())
    }

    fn connect(&self) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        BufReader::new(stream)
    }
}

fn read(connection: &mut BufReader<TcpStream>) -> Option<RawAnswer> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(RawAnswer { status, head, body: String::from_utf8_lossy(&body).into_owned() })
}
