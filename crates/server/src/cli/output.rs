//! What a command prints: one JSON document, or lines and aligned columns for people.

use std::io::{ErrorKind, Write as _};

use serde::Serialize;

use super::Failure;

/// Standard output.
pub(crate) struct Output;

impl Output {
    /// Prints text as it is. A reader that went away is no failure.
    pub(crate) fn text(text: &str) -> Result<(), Failure> {
        let mut output = std::io::stdout().lock();
        let written = output
            .write_all(text.as_bytes())
            .and_then(|()| if text.ends_with('\n') { Ok(()) } else { output.write_all(b"\n") });
        match written.and_then(|()| output.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Prints one JSON document.
    pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
        Self::text(&serde_json::to_string_pretty(value)?)
    }

    /// Prints a table, its columns aligned.
    pub(crate) fn table(heads: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let heads: Vec<String> = heads.iter().map(|head| head.to_uppercase()).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&heads).chain(rows).collect();
        let width = |column: usize| {
            lines
                .iter()
                .filter_map(|line| line.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let mut text = String::new();
        for line in &lines {
            for (column, cell) in line.iter().enumerate() {
                let padding = width(column).saturating_sub(cell.chars().count());
                text.push_str(&clean(cell));
                if column + 1 < line.len() {
                    text.push_str(&" ".repeat(padding + 2));
                }
            }
            text.push('\n');
        }
        Self::text(&text)
    }

    /// Prints names and values, aligned.
    pub(crate) fn fields(fields: &[(&str, String)]) -> Result<(), Failure> {
        let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let text: String =
            fields.iter().map(|(name, value)| format!("{name:<width$}  {}\n", clean(value))).collect();
        Self::text(&text)
    }
}

/// What strangers wrote must not steer the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// A value that may be missing.
pub(crate) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
