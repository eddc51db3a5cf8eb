//! No source file is too long to be read in one sitting. Part of `cargo xtask arch`.

use std::path::Path;

use anyhow::{Context, Result};

/// Most lines of a Rust source file outside tests, its own `mod tests` included.
const MOST_LINES: usize = 600;

/// A sentence for each file under these folders that is too long.
pub fn violations<'a>(folders: impl Iterator<Item = &'a str>) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in folders {
        visit(Path::new(folder), &mut faults)?;
    }
    Ok(faults)
}

fn visit(path: &Path, faults: &mut Vec<String>) -> Result<()> {
    if is_passed_over(path) {
        return Ok(());
    }
    if path.is_dir() {
        let entries = std::fs::read_dir(path).with_context(|| format!("listing {}", path.display()))?;
        let mut children = Vec::new();
        for entry in entries {
            children.push(entry.with_context(|| format!("listing {}", path.display()))?.path());
        }
        children.sort();
        return children.iter().try_for_each(|child| visit(child, faults));
    }
    if path.extension().is_some_and(|extension| extension == "rs") {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        faults.extend(fault(path, &text));
    }
    Ok(())
}

fn fault(path: &Path, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > MOST_LINES).then(|| {
        let path = path.display();
        format!("{path} has {lines} lines; at most {MOST_LINES} are allowed outside tests: divide it by what it decides.")
    })
}

/// Tests may be long; build output and hidden folders are not ours.
fn is_passed_over(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    matches!(name.as_ref(), "tests" | "tests.rs" | "target")
        || name.ends_with("_tests.rs")
        || name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_at_the_limit_passes_and_one_above_is_named() {
        let path = Path::new("crates/web/src/routes.rs");
        assert_eq!(fault(path, &"line\n".repeat(MOST_LINES)), None);
        let words = fault(path, &"line\n".repeat(MOST_LINES + 1)).unwrap();
        assert!(words.starts_with("crates/web/src/routes.rs has 601 lines"), "{words}");
    }

    #[test]
    fn tests_are_passed_over() {
        for path in ["tests", "crates/web/tests", "crates/web/src/login/tests.rs", "xtask/target"] {
            assert!(is_passed_over(Path::new(path)), "{path}");
        }
        assert!(!is_passed_over(Path::new("crates/store-testkit/src/contests.rs")));
    }
}
