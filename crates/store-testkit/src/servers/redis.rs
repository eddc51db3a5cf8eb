//! Redis, or Valkey: an empty server of one's own, in memory unless asked otherwise.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{free_port, wait_until};

/// A running server. It ends when this is dropped, or with the thread that started it.
pub struct Redis {
    folder: TempDir,
    settings: Vec<String>,
    port: u16,
    server: Option<Child>,
}

impl Redis {
    /// Starts one that keeps nothing.
    ///
    /// # Panics
    /// When `redis-server`, or what `COUNTERFOIL_TEST_REDIS_SERVER` names, is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::with_settings(&["--appendonly no"])
    }

    /// Starts one that has written everything to its folder before it answers.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn durable() -> Self {
        Self::with_settings(&["--appendonly yes", "--appendfsync always"])
    }

    /// Starts one with these settings, each as on its command line: `--maxmemory 10mb`.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn with_settings(settings: &[&str]) -> Self {
        let folder = TempDir::with_prefix("counterfoil-redis-").unwrap();
        let settings: Vec<String> =
            settings.iter().flat_map(|setting| setting.split(' ')).map(str::to_owned).collect();
        for _ in 0..5 {
            let port = free_port();
            if let Some(server) = serve(&folder, &settings, port) {
                return Self { folder, settings, port, server: Some(server) };
            }
        }
        panic!("Redis does not start: run `cargo xtask setup`");
    }

    /// Starts one that is a whole cluster by itself: it refuses what touches two hash slots, as any cluster does.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn cluster_of_one() -> Self {
        // By itself the port of the cluster's own talk would be 10,000 higher, which may be more than there are.
        let bus = format!("--cluster-port {}", free_port());
        let redis =
            Self::with_settings(&["--cluster-enabled yes", &bus, "--cluster-require-full-coverage no"]);
        let answer = ask(redis.port, "CLUSTER ADDSLOTSRANGE 0 16383\r\n");
        assert!(answer.is_some_and(|answer| answer.starts_with(b"+OK")), "every slot is its own");
        let state = || ask(redis.port, "CLUSTER INFO\r\n").unwrap_or_default();
        let is_ready = || String::from_utf8_lossy(&state()).contains("cluster_state:ok");
        assert!(wait_until(is_ready, || false), "the cluster is ready");
        redis
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Kills it, as a power failure would.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Starts it again, on the same port and with what it had written.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) {
        self.kill();
        self.server = serve(&self.folder, &self.settings, self.port);
        assert!(self.server.is_some(), "Redis does not start again");
    }

    /// Stops it in the middle of what it does: it answers nothing until it is resumed.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let server = self.server.as_ref().expect("it runs");
        // The shell's own `kill`: not every machine has the program.
        let kill = format!("kill -{signal} {}", server.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts the server and waits until it answers; `None` when it ended before.
fn serve(folder: &TempDir, settings: &[String], port: u16) -> Option<Child> {
    let program = std::env::var_os("COUNTERFOIL_TEST_REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
    let mut server = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "--"])
        .arg(program)
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--dir"])
        .arg(folder.path())
        .args(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("setpriv is there");
    let ready = wait_until(|| answers(port), || server.try_wait().unwrap().is_some());
    // What answers may be another test's server, that was faster to take the port: then this one ends at once.
    let ready = ready && {
        std::thread::sleep(Duration::from_millis(10));
        server.try_wait().unwrap().is_none()
    };
    if !ready {
        let _ = server.kill();
        let _ = server.wait();
    }
    ready.then_some(server)
}

/// Whether it answers a ping; while it reads what it had written it does not say `+PONG`. One that wants a password is
/// ready too.
fn answers(port: u16) -> bool {
    let answer = ask(port, "PING\r\n").unwrap_or_default();
    answer.starts_with(b"+PONG") || answer.starts_with(b"-NOAUTH")
}

/// What it answers, or the beginning of that.
fn ask(port: u16, command: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    stream.write_all(command.as_bytes()).ok()?;
    let mut answer = vec![0; 1000];
    let length = stream.read(&mut answer).ok()?;
    answer.truncate(length);
    Some(answer)
}
