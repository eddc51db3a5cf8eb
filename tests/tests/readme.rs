//! The README's walk-through, run as it is written: every block by a shell, beside a server, and what it prints compared
//! with what the README says that it prints.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed assertion is a panic")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use regex::Regex;

/// One block of commands and what is printed under it.
struct Block {
    commands: String,
    printed: String,
}

struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_walk_through_prints_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let blocks = blocks(&readme);
    assert!(blocks.len() > 8, "the walk-through is there");
    let folder = tempfile::TempDir::new().unwrap();
    let server = start(&binary(root), folder.path());
    let mut script = String::from("set -u\n");
    for block in &blocks {
        script.push_str(&block.commands.replace("127.0.0.1:8080", &server.address));
        // What curl prints has no newline at its end; the README shows one answer a line.
        script.push_str("\necho; echo @@@\n");
    }
    let shell = Command::new("bash").arg("-c").arg(script).current_dir(folder.path()).output().unwrap();
    let output = String::from_utf8(shell.stdout).unwrap().replace(&server.address, "127.0.0.1:8080");
    let printed: Vec<&str> = output.split("@@@\n").collect();
    for (block, printed) in blocks.iter().zip(printed) {
        assert_eq!(normal(printed), normal(&block.printed), "after:\n{}", block.commands);
    }
    assert_eq!(String::from_utf8_lossy(&shell.stderr), "");
}

fn blocks(readme: &str) -> Vec<Block> {
    let walk = readme.split("<!-- walk -->").nth(1).unwrap().split("<!-- /walk -->").next().unwrap();
    let fence = |text: &str| text.split("\n```").next().unwrap().to_owned();
    walk.split("```sh\n")
        .skip(1)
        .map(|rest| {
            let commands = fence(rest);
            let after = rest.get(commands.len() + 5..).unwrap_or_default();
            let printed = after.strip_prefix("```text\n").map(fence).unwrap_or_default();
            Block { commands, printed }
        })
        .collect()
}

/// What differs from run to run is given one form.
fn normal(text: &str) -> String {
    let mut text = text.replace("}{", "}\n{");
    for (pattern, form) in [
        (r"(usr|ses|tok)_[0-9a-z]{26}", "${1}_ID"),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME"),
        (r#""(iat|exp|auth_time|expires_in)":\d+"#, r#""$1":N"#),
        (r"curl/[0-9.]+", "curl/V"),
        (r" +", " "),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, form).into_owned();
    }
    text.trim().to_owned()
}

fn binary(root: &Path) -> PathBuf {
    let named = std::env::var_os("COUNTERFOIL_TEST_BINARY").map(PathBuf::from);
    let binary = named.unwrap_or_else(|| root.join("target/debug/counterfoil"));
    assert!(binary.exists(), "{} is not there: cargo build --package counterfoil-server", binary.display());
    binary
}

/// Starts a server in `folder`, where the README's commands find the binary and the data folder.
fn start(binary: &Path, folder: &Path) -> Server {
    let place = folder.join("target/release");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::copy(binary, place.join("counterfoil")).unwrap();
    let mut process = Command::new(place.join("counterfoil"))
        .args(["serve", "--listen", "127.0.0.1:0", "--public-url", "http://127.0.0.1:8080"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let first = lines.next().expect("the server says where it listens").unwrap();
    let address =
        first.rsplit_once("http://").unwrap_or_else(|| panic!("no address in {first:?}")).1.to_owned();
    // The rest is read too, so that the server is never held up.
    std::thread::spawn(move || lines.for_each(drop));
    Server { process, address }
}
