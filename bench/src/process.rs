//! Servers under measurement: started, pinned where that is possible, watched, stopped.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const EMAIL: &str = "bench@example.test";
pub(crate) const PASSWORD: &str = "four unrelated plain words";

/// A running process, killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
}

impl Process {
    /// Processor seconds used so far, user and system.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
        // Fields 14 and 15, counted from the state, in hundredths of a second as Linux tells them to programs.
        ticks(11).zip(ticks(12)).map(|(user, system)| (user + system) / 100.0).context("/proc/…/stat")
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A data folder with the binary that works on it.
pub(crate) struct Installation {
    folder: TempDir,
    pub(crate) cheap_hashing: bool,
    environment: Vec<(&'static str, String)>,
}

impl Installation {
    /// A new one with an administrator and a client for each mode, named after it.
    pub(crate) fn new(cheap_hashing: bool) -> anyhow::Result<Self> {
        Self::with(cheap_hashing, Vec::new())
    }

    /// The same, on stores that the environment names.
    pub(crate) fn with(
        cheap_hashing: bool,
        environment: Vec<(&'static str, String)>,
    ) -> anyhow::Result<Self> {
        let installation = Self { folder: TempDir::new()?, cheap_hashing, environment };
        installation.add_user(EMAIL)?;
        for mode in ["cookie", "jwt", "recorded"] {
            installation.run(&["client", "add", "--id", mode, "--name", mode, "--mode", mode], None)?;
        }
        Ok(installation)
    }

    /// Another node on the same stores.
    pub(crate) fn another_node(&self) -> anyhow::Result<Self> {
        let environment = self.environment.clone();
        Ok(Self { folder: TempDir::new()?, cheap_hashing: self.cheap_hashing, environment })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn add_user(&self, email: &str) -> anyhow::Result<Value> {
        let arguments = ["user", "add", "--email", email, "--admin", "--password-stdin"];
        self.run(&arguments, Some(PASSWORD))
    }

    /// Runs a command on it, and reads its answer.
    pub(crate) fn run(&self, arguments: &[&str], input: Option<&str>) -> anyhow::Result<Value> {
        let mut child = self
            .command(None)
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .arg("--json")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            use std::io::Write as _;
            writeln!(stdin, "{}", input.unwrap_or_default())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("counterfoil {} failed", arguments.join(" "));
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Starts a server on it, on that processor if one is named.
    pub(crate) fn serve(&self, processor: Option<usize>) -> anyhow::Result<Process> {
        let mut command = self.command(processor);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(self.data());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("standard output")?).lines();
        let first = lines.next().context("the server ended at once")??;
        let url =
            first.rsplit_once(' ').map(|(_, url)| url.to_owned()).context("no address in the first line")?;
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Process { child, url })
    }

    fn command(&self, processor: Option<usize>) -> Command {
        let mut command = pinned(&binary(), processor);
        command.envs(self.environment.iter().map(|(name, value)| (*name, value)));
        if self.cheap_hashing {
            command.env("COUNTERFOIL_PASSWORDS_MEMORY_KIB", "8").env("COUNTERFOIL_PASSWORDS_ITERATIONS", "1");
        }
        command
    }
}

/// Starts this program as a yardstick.
pub(crate) fn yardstick(name: &str, processor: Option<usize>) -> anyhow::Result<Process> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = pinned(&std::env::current_exe()?, processor);
    let child =
        command.args(["--yardstick", name, "--port", &port.to_string()]).stdin(Stdio::null()).spawn()?;
    let process = Process { child, url: format!("http://127.0.0.1:{port}") };
    let deadline = Instant::now() + Duration::from_secs(5);
    while ureq::get(format!("{}/me", process.url))
        .call()
        .is_err_and(|error| matches!(error, ureq::Error::Io(_)))
    {
        if Instant::now() > deadline {
            bail!("the yardstick {name} does not answer");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(process)
}

/// A command on one processor, where `taskset` is there to say so.
pub(crate) fn pinned(program: &Path, processor: Option<usize>) -> Command {
    match processor {
        Some(processor) if Path::new("/usr/bin/taskset").exists() => {
            let mut command = Command::new("taskset");
            command.args(["-c", &processor.to_string()]).arg(program);
            command
        }
        _ => Command::new(program),
    }
}

pub(crate) fn binary() -> PathBuf {
    let beside =
        std::env::current_exe().ok().and_then(|path| path.parent().map(|folder| folder.join("counterfoil")));
    beside.unwrap_or_else(|| PathBuf::from("counterfoil"))
}

/// A header that carries a login through that client.
pub(crate) fn log_in(server: &Process, client: &str, email: &str) -> anyhow::Result<(&'static str, String)> {
    let body = json!({"email": email, "password": PASSWORD, "client_id": client});
    let mut answer = ureq::post(format!("{}/v1/login", server.url)).send_json(&body)?;
    if client == "cookie" {
        let cookie = answer.headers().get("set-cookie").context("no cookie")?.to_str()?;
        return Ok(("Cookie", cookie.split(';').next().unwrap_or_default().to_owned()));
    }
    let token: Value = answer.body_mut().read_json()?;
    let token = token.get("access_token").and_then(Value::as_str).context("no token")?;
    Ok(("Authorization", format!("Bearer {token}")))
}
