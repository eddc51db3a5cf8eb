//! `cargo xtask arch`: the arrows allowed between the crates of the workspace, in one table, and their check.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{cargo, output_of};

/// What one crate may depend on, by the names of the folders.
enum May {
    /// These crates, and in its tests also those.
    Use(&'static [&'static str], &'static [&'static str]),
    /// Anything: nothing that runs in production depends on it.
    Anything,
}

/// An arrow that is not here is not allowed. Nothing may point at a crate that may use anything.
#[rustfmt::skip] // one row for each crate
const ARROWS: &[(&str, May)] = &[
    // crate           may use                                                   and, in its tests
    ("core",           May::Use(&[],                                             &[])),
    ("jose",           May::Use(&[],                                             &[])),
    ("store-testkit",  May::Use(&["core"],                                       &[])),
    ("store-sqlite",   May::Use(&["core"],                                       &["store-testkit"])),
    ("store-postgres", May::Use(&["core"],                                       &["store-testkit"])),
    ("store-redis",    May::Use(&["core"],                                       &["store-testkit"])),
    ("service",        May::Use(&["core", "jose"],                               &["store-sqlite"])),
    ("web",            May::Use(&["core", "service"],                            &["store-sqlite"])),
    ("server",         May::Use(&["core", "service", "web", "store-sqlite", "store-postgres", "store-redis"], &[])),
    ("bench",          May::Anything),
    ("tests",          May::Anything),
    ("xtask",          May::Anything),
];

/// The pure middle does no I/O: none of these may be a dependency of it, other than in its tests.
const PURE: &str = "core";
const IMPURE: &[&str] = &["tokio", "axum", "hyper", "http", "rusqlite", "aws-lc-rs"];

const THIS_FILE: &str = "xtask/src/arch.rs";

/// A crate of the workspace, as `cargo metadata` describes it.
pub struct Package {
    /// The name of its folder; the table's name for it.
    folder: String,
    /// Its folder, from the root of the workspace.
    pub path: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    /// The folder's name, when it is a crate of the workspace.
    folder: Option<String>,
    only_in_tests: bool,
}

pub fn run(arguments: &[String]) -> Result<()> {
    crate::no_arguments(arguments)?;
    let metadata = output_of(&mut cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"]))?;
    let packages = packages(&serde_json::from_str(&metadata).context("reading cargo metadata")?)?;
    let mut faults = violations(&packages);
    faults.extend(crate::file_length::violations(packages.iter().map(|package| package.path.as_str()))?);
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

/// The rule: every fault as one sentence that names the file to edit.
fn violations(packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    for package in packages {
        let folder = &package.folder;
        let Some((_, may)) = ARROWS.iter().find(|(name, _)| name == folder) else {
            faults.push(format!("`{folder}` is not in the table of arrows: add a row to {THIS_FILE}."));
            continue;
        };
        for dependency in &package.dependencies {
            let name = &dependency.name;
            let manifest = format!("{}/Cargo.toml", package.path);
            if folder == PURE && !dependency.only_in_tests && IMPURE.contains(&name.as_str()) {
                faults.push(format!(
                    "`{folder}` does no I/O and must not depend on `{name}`: take it out of {manifest}."
                ));
            }
            let Some(target) = &dependency.folder else { continue };
            if !is_allowed(may, target, dependency.only_in_tests) {
                let how = if dependency.only_in_tests { ", even in its tests," } else { "" };
                faults.push(format!(
                    "`{folder}` must not{how} depend on `{target}`: take `{name}` out of {manifest}, \
                     or, if the design has changed, add the arrow to the table in {THIS_FILE}."
                ));
            }
        }
    }
    for (name, _) in ARROWS {
        if !packages.iter().any(|package| package.folder == *name) {
            faults.push(format!(
                "`{name}` is in the table of arrows and not in the workspace: edit {THIS_FILE}."
            ));
        }
    }
    faults
}

fn is_allowed(may: &May, target: &str, only_in_tests: bool) -> bool {
    match may {
        May::Anything => true,
        May::Use(always, in_tests) => {
            always.contains(&target) || (only_in_tests && in_tests.contains(&target))
        }
    }
}

fn packages(metadata: &Value) -> Result<Vec<Package>> {
    let root = Path::new(text(metadata, "workspace_root")?);
    let mut packages = Vec::new();
    for package in list(metadata, "packages")? {
        let manifest = Path::new(text(package, "manifest_path")?);
        let path = manifest.parent().context("a manifest has no folder")?;
        let mut dependencies = Vec::new();
        for dependency in list(package, "dependencies")? {
            dependencies.push(Dependency {
                name: text(dependency, "name")?.to_owned(),
                folder: dependency
                    .get("path")
                    .and_then(Value::as_str)
                    .map(|path| folder_name(Path::new(path))),
                only_in_tests: dependency.get("kind").and_then(Value::as_str) == Some("dev"),
            });
        }
        packages.push(Package {
            folder: folder_name(path),
            path: path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned(),
            dependencies,
        });
    }
    Ok(packages)
}

fn folder_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("cargo metadata has no `{key}`"))
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value.get(key).and_then(Value::as_array).with_context(|| format!("cargo metadata has no `{key}`"))
}

#[cfg(test)]
mod tests;
