//! The real binary, on a free port and a data folder of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Answer, form_encoded};

/// A good password.
pub const PASSWORD: &str = "four unrelated plain words";
/// Hashing that takes no time, where hashing is not the subject.
const CHEAP: [(&str, &str); 2] =
    [("COUNTERFOIL_PASSWORDS_MEMORY_KIB", "64"), ("COUNTERFOIL_PASSWORDS_ITERATIONS", "1")];

/// A server, or the place for one.
pub struct Server {
    folder: Arc<TempDir>,
    environment: Vec<(String, String)>,
    process: Option<Child>,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    greeting: Vec<String>,
    log: Arc<Mutex<String>>,
    agent: ureq::Agent,
}

/// The binary under test.
#[must_use]
pub fn binary() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/counterfoil");
    let binary = std::env::var_os("COUNTERFOIL_TEST_BINARY").map_or(built, PathBuf::from);
    assert!(binary.exists(), "{} is not there: cargo build --package counterfoil-server", binary.display());
    binary
}

impl Server {
    /// An installation with an administrator `ann@example.test` and a client for each mode, not started. Hashing is
    /// cheap, but where it is the subject.
    #[must_use]
    pub fn prepared() -> Self {
        Self::prepared_with(&[])
    }

    /// The same, with further variables in its environment.
    #[must_use]
    pub fn prepared_with(environment: &[(&str, &str)]) -> Self {
        let server = Self::empty(&[&CHEAP, environment].concat());
        server.add_user("ann@example.test", true);
        for mode in ["cookie", "jwt", "recorded"] {
            server.json(&[
                "client",
                "add",
                "--id",
                mode,
                "--name",
                mode,
                "--mode",
                mode,
                "--audience",
                "api",
            ]);
        }
        server
    }

    /// Another node of an installation whose stores are named by its environment.
    #[must_use]
    pub fn node(environment: &[(&str, &str)]) -> Self {
        let mut node = Self::empty(&[&CHEAP, environment].concat());
        node.start(&[]);
        node
    }

    /// A place for an installation.
    #[must_use]
    pub fn empty(environment: &[(&str, &str)]) -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        Self {
            folder: Arc::new(TempDir::new().unwrap()),
            environment: environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            process: None,
            url: String::new(),
            log: Arc::default(),
            greeting: Vec::new(),
            agent: agent.into(),
        }
    }

    /// [`Self::prepared`], and started.
    #[must_use]
    pub fn started() -> Self {
        let mut server = Self::prepared();
        server.start(&[]);
        server
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts it, with further arguments.
    pub fn start(&mut self, arguments: &[&str]) {
        self.start_by(self.command(), arguments);
    }

    /// Starts it under limits that a shell sets.
    pub fn start_under(&mut self, limits: &str, arguments: &[&str]) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")]).arg(binary());
        shell.envs(self.environment.iter().cloned());
        self.start_by(shell, arguments);
    }

    fn start_by(&mut self, mut command: Command, arguments: &[&str]) {
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(self.data()).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = Arc::clone(&self.log);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stderr.read(&mut buffer) {
                log.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(buffer.get(..count).unwrap_or_default()));
            }
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        self.greeting.clear();
        while !self.greeting.last().is_some_and(|line| line.starts_with("  started in ")) {
            let Some(Ok(line)) = lines.next() else {
                let _ = child.wait();
                let _ = reader.join();
                panic!("the server did not start: {}", self.log());
            };
            self.greeting.push(line);
        }
        self.url = self.greeting[0].rsplit_once(' ').unwrap().1.to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        self.process = Some(child);
    }

    /// The lines that it greeted with at its last start.
    #[must_use]
    pub fn greeting(&self) -> &[String] {
        &self.greeting
    }

    /// What it wrote to its log so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Kills it without a warning.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Asks it to stop, and waits until it has; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        Command::new("kill").arg(self.pid().to_string()).status().unwrap();
        self.wait()
    }

    /// Waits until it has stopped; its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        self.process.take().unwrap().wait().unwrap().code()
    }

    /// The binary, in this installation's environment.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.env_remove("COUNTERFOIL_MASTER_KEY").envs(self.environment.iter().cloned());
        command
    }

    /// Runs a command on its data folder.
    #[must_use]
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command();
        command.args(arguments).arg("--data").arg(self.data());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs a command that succeeds, and reads its JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.json_with(arguments, "")
    }

    /// The same, with standard input.
    pub fn json_with(&self, arguments: &[&str], input: &str) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat(), input);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "counterfoil {}: {stderr}", arguments.join(" "));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Adds a user by the command line; its id.
    pub fn add_user(&self, email: &str, admin: bool) -> String {
        let mut arguments = vec!["user", "add", "--email", email, "--password-stdin"];
        if admin {
            arguments.push("--admin");
        }
        self.json_with(&arguments, PASSWORD)["id"].as_str().unwrap().to_owned()
    }

    /// `GET`
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, None)
    }

    /// `POST` of JSON.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        self.send("POST", path, &headers, Some(body.to_string()))
    }

    /// Any request.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        self.try_send(method, path, headers, body).unwrap()
    }

    /// Any request, to a server that may be going away.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        response.map(Answer::read)
    }

    /// `POST` of a form.
    pub fn post_form(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let headers = [headers, &[("content-type", "application/x-www-form-urlencoded")]].concat();
        self.send("POST", path, &headers, Some(form_encoded(fields)))
    }

    /// The value of a metric without labels.
    #[must_use]
    pub fn metric(&self, name: &str) -> f64 {
        let metrics = self.get("/metrics", &[]).body;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name}: {metrics}")).parse().unwrap()
    }

    /// A form sent to the token endpoint.
    pub fn refresh(&self, refresh_token: &str) -> Answer {
        let form = format!("grant_type=refresh_token&refresh_token={refresh_token}");
        self.send(
            "POST",
            "/oauth/token",
            &[("content-type", "application/x-www-form-urlencoded")],
            Some(form),
        )
    }

    /// Logs in through a client.
    pub fn log_in(&self, email: &str, client: &str) -> Answer {
        self.post("/v1/login", &[], &json!({"email": email, "password": PASSWORD, "client_id": client}))
    }

    /// Logs Ann in; the header that carries her login.
    pub fn ann(&self, client: &str) -> (&'static str, String) {
        let answer = self.log_in("ann@example.test", client);
        assert_eq!(answer.status, 200, "{answer:?}");
        if client == "cookie" {
            ("cookie", answer.cookie())
        } else {
            ("authorization", format!("Bearer {}", answer.text("access_token")))
        }
    }

    /// Whether a login is accepted.
    pub fn accepts(&self, header: &(&str, String)) -> bool {
        let answer = self.get("/v1/me", &[(header.0, &header.1)]);
        assert!(answer.status == 200 || answer.status == 401, "{answer:?}");
        answer.status == 200
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
