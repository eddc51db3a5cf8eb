//! The arrow rule on made-up workspaces.

use serde_json::json;

use super::*;

/// The workspace of the table with no arrows at all, and then these: (from, to, kind).
fn workspace(arrows: &[(&str, &str, Option<&str>)]) -> Vec<Package> {
    let packages: Vec<Value> = ARROWS.iter().map(|(name, _)| package(name, arrows)).collect();
    packages_of(&packages)
}

fn package(name: &str, arrows: &[(&str, &str, Option<&str>)]) -> Value {
    let own = arrows.iter().filter(|(from, _, _)| *from == name);
    let dependencies: Vec<Value> = own
        .map(|(_, to, kind)| match to.strip_prefix("crate:") {
            Some(outside) => json!({ "name": outside, "kind": kind }),
            None => {
                json!({ "name": format!("counterfoil-{to}"), "kind": kind, "path": format!("/repo/crates/{to}") })
            }
        })
        .collect();
    json!({ "manifest_path": format!("/repo/crates/{name}/Cargo.toml"), "dependencies": dependencies })
}

fn packages_of(list: &[Value]) -> Vec<Package> {
    packages(&json!({ "workspace_root": "/repo", "packages": list })).unwrap()
}

#[test]
fn the_arrows_of_the_table_are_allowed() {
    let arrows = [
        ("service", "core", None),
        ("service", "jose", None),
        ("service", "store-sqlite", Some("dev")),
        ("server", "web", None),
        ("bench", "store-sqlite", None),
        ("core", "crate:serde", None),
    ];
    assert_eq!(violations(&workspace(&arrows)), Vec::<String>::new());
}

#[test]
fn a_forbidden_arrow_is_named_with_the_file_to_edit() {
    let faults = violations(&workspace(&[("web", "store-sqlite", None)]));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("`web` must not depend on `store-sqlite`: "), "{faults:?}");
    assert!(faults[0].contains("crates/web/Cargo.toml"), "{faults:?}");
    assert!(faults[0].contains("xtask/src/arch.rs"), "{faults:?}");
}

#[test]
fn an_arrow_for_tests_is_no_arrow_for_the_build() {
    assert_eq!(violations(&workspace(&[("store-sqlite", "store-testkit", Some("dev"))])).len(), 0);
    assert_eq!(violations(&workspace(&[("store-sqlite", "store-testkit", None)])).len(), 1);
    assert_eq!(violations(&workspace(&[("store-sqlite", "store-testkit", Some("build"))])).len(), 1);
}

#[test]
fn nothing_points_at_the_tooling() {
    assert_eq!(violations(&workspace(&[("server", "bench", None)])).len(), 1);
    assert_eq!(violations(&workspace(&[("server", "jose", None)])).len(), 1);
    let faults = violations(&workspace(&[("server", "tests", Some("dev"))]));
    assert!(faults[0].starts_with("`server` must not, even in its tests, depend on `tests`: "), "{faults:?}");
}

#[test]
fn the_core_does_no_io_other_than_in_its_tests() {
    let faults = violations(&workspace(&[("core", "crate:tokio", None)]));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("`tokio`") && faults[0].contains("crates/core/Cargo.toml"), "{faults:?}");
    assert_eq!(violations(&workspace(&[("core", "crate:tokio", Some("dev"))])).len(), 0);
    assert_eq!(violations(&workspace(&[("web", "crate:tokio", None)])).len(), 0);
}

#[test]
fn the_table_and_the_workspace_have_the_same_crates() {
    let mut list: Vec<Value> = ARROWS.iter().map(|(name, _)| package(name, &[])).collect();
    list.push(package("store-paper", &[]));
    let faults = violations(&packages_of(&list));
    assert!(faults.len() == 1 && faults[0].contains("`store-paper` is not in the table"), "{faults:?}");

    let faults = violations(&packages_of(&list[1..ARROWS.len()]));
    assert!(faults.len() == 1 && faults[0].contains("`core` is in the table"), "{faults:?}");
}
