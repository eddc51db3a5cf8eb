//! `cargo xtask openapi`: keeps docs/openapi.json equal to what the code describes.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, output_of};

/// The generated file, as committed.
pub const DOCUMENT: &str = "docs/openapi.json";

pub fn run(arguments: &[String]) -> Result<()> {
    let check = crate::only_flag(arguments, "--check")?;
    let generated =
        output_of(&mut cargo(&["run", "--quiet", "--package", "counterfoil-server", "--", "openapi"]))?;
    serde_json::from_str::<serde_json::Value>(&generated)
        .context("`counterfoil openapi` wrote something that is not JSON")?;
    if check { compare(&generated) } else { write(&generated) }
}

fn write(generated: &str) -> Result<()> {
    if let Some(folder) = Path::new(DOCUMENT).parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    std::fs::write(DOCUMENT, generated).with_context(|| format!("writing {DOCUMENT}"))
}

fn compare(generated: &str) -> Result<()> {
    let committed = std::fs::read_to_string(DOCUMENT)
        .with_context(|| format!("reading {DOCUMENT}; `cargo xtask openapi` writes it"))?;
    let Some(difference) = first_difference(&committed, generated) else {
        return Ok(());
    };
    bail!(
        "{DOCUMENT} is not what the code describes: {difference}\nRun `cargo xtask openapi` and commit the file."
    )
}

/// The first line in which two texts differ, in words; nothing when they are equal.
fn first_difference(committed: &str, generated: &str) -> Option<String> {
    if committed == generated {
        return None;
    }
    let mut old = committed.lines();
    let mut new = generated.lines();
    let mut number = 0_usize;
    loop {
        number += 1;
        match (old.next(), new.next()) {
            (None, None) => return Some("they differ in how their lines end".to_owned()),
            (before, after) if before != after => {
                let before = before.unwrap_or("(end of file)");
                let after = after.unwrap_or("(end of file)");
                return Some(format!("line {number}\n  in the file: {before}\n  in the code: {after}"));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(first_difference("{\n}\n", "{\n}\n"), None);
    }

    #[test]
    fn the_first_differing_line_is_shown_from_both_sides() {
        let words = first_difference("{\n  \"a\": 1\n}\n", "{\n  \"a\": 2\n}\n").unwrap();
        assert!(
            words.contains("line 2") && words.contains("\"a\": 1") && words.contains("\"a\": 2"),
            "{words}"
        );
    }

    #[test]
    fn a_missing_end_is_a_difference() {
        assert!(first_difference("{\n}\n", "{\n}\nmore\n").unwrap().contains("(end of file)"));
        assert!(first_difference("{\n}\n", "{\n}").is_some());
    }
}
