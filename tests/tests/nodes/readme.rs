//! The README's section on scaling out, run as it is written.

use std::path::Path;
use std::process::Command;

use counterfoil_store_testkit::servers::{free_port, postgres::Postgres};
use counterfoil_tests::binary;

#[test]
fn the_section_on_scaling_out_prints_what_it_says() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let section =
        readme.split("<!-- scale-out -->").nth(1).unwrap().split("<!-- /scale-out -->").next().unwrap();
    let commands: String =
        section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let printed = section.split("```text\n").nth(1).unwrap().split("```").next().unwrap();

    let database = Postgres::start();
    let folder = tempfile::TempDir::new().unwrap();
    let script = commands
        .replace("postgres://counterfoil@127.0.0.1:5432/counterfoil", &database.create_database())
        .replace("8081", &free_port().to_string())
        .replace("8082", &free_port().to_string());
    let programs = folder.path().join("bin");
    std::fs::create_dir(&programs).unwrap();
    std::fs::copy(binary(), programs.join("counterfoil")).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let shell = Command::new("bash")
        .arg("-c")
        // What was started in the background ends with the script.
        .arg(format!("set -u; trap 'kill $(jobs -p)' EXIT\n{script}"))
        .env("PATH", path)
        .env_remove("COUNTERFOIL_MASTER_KEY")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let log = std::fs::read_to_string(folder.path().join("node-1.log")).unwrap_or_default();
    assert_eq!(String::from_utf8_lossy(&shell.stdout), printed, "{shell:?}\n{log}");
    assert_eq!(String::from_utf8_lossy(&shell.stderr), "");
}
