//! PostgreSQL: a cluster of one's own, from a template that is made once for each version and copied.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::{free_port, wait_until};

/// The user of the operating system that the server runs as when the tests run as root, as which it refuses to run.
const UNPRIVILEGED: &str = "postgres";
/// The database's superuser, who needs no password.
const SUPERUSER: &str = "counterfoil";

/// How the server is run: small, and without waiting for the disk. What it acknowledged survives the death of its processes
/// all the same. Nothing of it is outside of its folder, other than one key of System V's shared memory.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=16MB",
    "dynamic_shared_memory_type=mmap",
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_parallel_workers=0",
    "autovacuum=off",
];

/// A running PostgreSQL. It ends when this is dropped, or with the thread that started it.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    server: Option<Child>,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts one.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start.
    #[must_use]
    pub fn start() -> Self {
        let programs = programs();
        let folder = TempDir::with_prefix_in("counterfoil-postgres-", place()).unwrap();
        own(folder.path());
        copy(&template(&programs), &folder.path().join("data"));
        for _ in 0..5 {
            let port = free_port();
            if let Some(server) = serve(&programs, folder.path(), port) {
                let databases = AtomicU32::new(0);
                return Self { folder, programs, port, server: Some(server), databases };
            }
        }
        panic!("PostgreSQL does not start: {}", log(folder.path()));
    }

    /// The URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url(self.port, database)
    }

    /// A new, empty database, by its URL.
    #[must_use]
    pub fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Runs statements in a database, as the superuser; several are one transaction.
    ///
    /// # Panics
    /// When one of them fails.
    pub fn run(&self, database: &str, sql: &str) {
        let output = psql(&self.programs, &self.url(database), sql).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What the server wrote into its log: warnings, errors of statements, fatal ones.
    #[must_use]
    pub fn log(&self) -> String {
        log(self.folder.path())
    }

    /// Speaks TLS from now on, with this certificate and its key, both in PEM. Without it goes on too.
    pub fn speak_tls(&self, certificate: &str, key: &str) {
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let file = self.folder.path().join("data").join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            own(&file);
        }
        self.run("postgres", "ALTER SYSTEM SET ssl = on");
        self.run("postgres", "SELECT pg_reload_conf()");
        let on = || {
            let shown = psql(&self.programs, &self.url("postgres"), "SHOW ssl").output().unwrap();
            shown.stdout == b"on\n"
        };
        assert!(wait_until(on, || false), "{}", log(self.folder.path()));
    }

    /// Kills it, with every process that serves a connection: what they had not handed to the operating system is lost.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            // Stopped first, so that it has no children but these. They would go on for a moment after it is gone.
            signal("STOP", &[server.id()]);
            let children = children_of(server.id());
            server.kill().unwrap();
            server.wait().unwrap();
            signal("KILL", &children);
            assert!(wait_until(|| children.iter().all(|child| parent_of(*child).is_none()), || false));
        }
    }

    /// Stops it as an operator does: connections are closed, and everything is written.
    pub fn stop(&mut self) {
        self.end("INT");
    }

    /// Starts it again, on the same port and with the data that it had.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) {
        self.stop();
        // After a kill its other processes may take a moment to notice, and it does not start before they are gone.
        let mut server = None;
        wait_until(
            || {
                server = serve(&self.programs, self.folder.path(), self.port);
                server.is_some()
            },
            || false,
        );
        assert!(server.is_some(), "PostgreSQL does not start again: {}", log(self.folder.path()));
        self.server = server;
    }

    /// Sends the server a signal and waits for its end.
    fn end(&mut self, name: &str) {
        if let Some(mut server) = self.server.take() {
            signal(name, &[server.id()]);
            let _ = server.wait();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once, but not by SIGKILL, after which nobody removes its shared memory from the system.
        self.end("QUIT");
    }
}

/// The folder of the programs: where `PATH` says, or the newest where Debian puts them.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = debian
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    let folders = std::env::split_paths(&path).chain(versions.into_iter().rev().map(|(_, folder)| folder));
    let mut with_all = folders
        .filter(|folder| ["postgres", "initdb", "psql"].iter().all(|name| folder.join(name).is_file()));
    with_all.next().expect("PostgreSQL is not installed: run `cargo xtask setup`")
}

/// Where the clusters are: in memory if there is room, because copying a thousand files to a disk takes longer than most
/// tests do.
fn place() -> PathBuf {
    const ENOUGH: u64 = 1 << 30;
    let memory = Path::new("/dev/shm");
    let room = Command::new("df").args(["--block-size=1", "--output=avail"]).arg(memory).output();
    let room = room
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok()?.lines().nth(1)?.trim().parse::<u64>().ok());
    if room.is_some_and(|room| room >= ENOUGH) { memory.to_owned() } else { std::env::temp_dir() }
}

/// The cluster that all others are copies of. Several processes may come to make it at once: the first one's stays.
fn template(programs: &Path) -> PathBuf {
    let output = Command::new(programs.join("postgres")).arg("--version").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    let version: String = version.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    let user = fs::metadata("/proc/self").unwrap().uid();
    let template = place().join(format!("counterfoil-{user}-template-{version}"));
    if template.exists() {
        assert_eq!(
            fs::metadata(&template).unwrap().uid(),
            server_user(),
            "{} is somebody else's",
            template.display()
        );
        return template;
    }
    let making = TempDir::with_prefix_in("counterfoil-initdb-", place()).unwrap();
    own(making.path());
    let made = making.path().join("data");
    let output = as_server_user(&programs.join("initdb"), making.path())
        .args([
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--wal-segsize=1",
            "--no-sync",
            "--no-instructions",
        ])
        .args(["--username", SUPERUSER, "--pgdata"])
        .arg(&made)
        .output()
        .unwrap();
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
    // It fails where another process was faster: a folder that is not empty is not replaced.
    let _ = fs::rename(&made, &template);
    template
}

/// Starts the server and waits until it answers; `None` when it ended before.
fn serve(programs: &Path, folder: &Path, port: u16) -> Option<Child> {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = as_server_user(&programs.join("postgres"), folder);
    command.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    let mut server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    // Asked which it is: what answers may be another test's server, that was faster to take the port.
    let answers = || {
        let data = psql(programs, &url(port, "postgres"), "SHOW data_directory").output().unwrap();
        String::from_utf8_lossy(&data.stdout).trim() == folder.join("data").to_string_lossy()
    };
    let ready = wait_until(answers, || server.try_wait().unwrap().is_some());
    if !ready {
        let _ = server.kill();
        let _ = server.wait();
    }
    ready.then_some(server)
}

fn psql(programs: &Path, url: &str, sql: &str) -> Command {
    let mut command = Command::new(programs.join("psql"));
    command.args(["--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align"]);
    command.args(["--set=ON_ERROR_STOP=1", "--command", sql]).arg(url);
    command
}

fn url(port: u16, database: &str) -> String {
    format!("postgresql://{SUPERUSER}@127.0.0.1:{port}/{database}")
}

/// Sends processes a signal, with the shell's own `kill`: not every machine has the program. One may have ended by itself.
fn signal(name: &str, processes: &[u32]) {
    let numbers: Vec<String> = processes.iter().map(u32::to_string).collect();
    let kill = format!("kill -{name} {}", numbers.join(" "));
    let _ = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
}

fn children_of(process: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|number| parent_of(*number) == Some(process)).collect()
}

/// The parent of a process; `None` when it has ended (proc(5), `/proc/pid/stat`).
fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit(')').next()?.split_whitespace();
    let state = fields.next()?;
    fields.next()?.parse().ok().filter(|_| state != "Z")
}

/// A program as the user that the server runs as. It is told to end with this thread, and by a signal at which the server
/// takes what it has of the system's shared memory with it.
fn as_server_user(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        let user = format!("--reuid={UNPRIVILEGED}");
        let group = format!("--regid={UNPRIVILEGED}");
        command.args([&user, &group, "--clear-groups"]);
    }
    // The present folder may be one that this user must not enter.
    command.current_dir(folder).env_remove("PGDATA").arg("--").arg(program);
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn server_user() -> u32 {
    let own = fs::metadata("/proc/self").unwrap().uid();
    if own != 0 {
        return own;
    }
    let output = Command::new("id").args(["-u", UNPRIVILEGED]).output().unwrap();
    let number = String::from_utf8(output.stdout).unwrap();
    number.trim().parse().expect("PostgreSQL's user is missing: run `cargo xtask setup`")
}

/// Gives a folder or file to the user that the server runs as.
fn own(path: &Path) {
    if is_root() {
        chown(path, Some(server_user()), None).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
