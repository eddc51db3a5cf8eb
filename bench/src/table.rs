//! The table: what was measured, against what, the ratio, the bar, and whether it was met.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

/// The rows so far.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    measured: String,
    against: String,
    ratio: String,
    bar: String,
    met: Option<bool>,
}

/// What a row must reach.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    AtLeast(f64),
    AtMost(f64),
    None,
}

const BEGIN: &str = "<!-- table -->";
const END: &str = "<!-- /table -->";

impl Table {
    /// A row whose figure is compared with the bar.
    pub(crate) fn row(
        &mut self,
        what: &str,
        measured: String,
        against: String,
        figure: f64,
        unit: &str,
        bar: Bar,
    ) {
        let digits = if figure >= 100.0 { 0 } else { 2 };
        let (text, met) = match bar {
            Bar::AtLeast(bar) => (format!("≥ {bar}{unit}"), Some(figure >= bar)),
            Bar::AtMost(bar) => (format!("≤ {bar}{unit}"), Some(figure <= bar)),
            Bar::None => ("–".to_owned(), None),
        };
        let ratio = format!("{figure:.digits$}{unit}");
        say(&format!("  {what}: {measured}; {against}; {ratio} (bar {text})"));
        self.rows.push(Row { what: what.to_owned(), measured, against, ratio, bar: text, met });
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text =
            String::from("| what | measured | against | figure | bar | |\n|---|---|---|---|---|---|\n");
        for Row { what, measured, against, ratio, bar, met } in &self.rows {
            let verdict = match met {
                Some(true) => "met",
                Some(false) => "**missed**",
                None => "",
            };
            let _ = writeln!(text, "| {what} | {measured} | {against} | {ratio} | {bar} | {verdict} |");
        }
        text
    }

    pub(crate) fn write(&self, path: &Path, quick: bool) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(path)?;
        let (before, rest) = text.split_once(BEGIN).context("the file has no place for the table")?;
        let (_, after) = rest.split_once(END).context("the table has no end")?;
        let note = if quick { "\n*Short rounds: not to be quoted.*\n" } else { "" };
        std::fs::write(path, format!("{before}{BEGIN}\n{note}\n{}\n{END}{after}", self.markdown()))?;
        Ok(())
    }
}

/// Tells whoever waits.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The one that a share of all does not exceed.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let index = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
    sorted.get(index).copied().unwrap_or(f64::NAN)
}
