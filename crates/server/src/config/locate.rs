//! Where in a file a key stands, and which key stands where: so that an error names both.

use toml::de::DeTable;

/// A key with its section, and its line, counted from 1.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) line: usize,
}

/// The line of an offset, counted from 1.
pub(super) fn line_of(text: &str, offset: usize) -> Option<usize> {
    text.get(..offset).map(|before| before.matches('\n').count() + 1)
}

/// The key whose value is at an offset.
pub(super) fn key_at(text: &str, offset: usize) -> Option<Found> {
    find(text, |_, _, key_or_value| key_or_value.1.contains(&offset))
}

/// The place of a key.
pub(super) fn key_named(text: &str, section: &str, key: &str) -> Option<Found> {
    find(text, |found_section, found_key, _| found_section == section && found_key == key)
}

type Spans = (std::ops::Range<usize>, std::ops::Range<usize>);

fn find(text: &str, mut wanted: impl FnMut(&str, &str, &Spans) -> bool) -> Option<Found> {
    let document = DeTable::parse(text).ok()?;
    for (section, keys) in document.get_ref() {
        let Some(keys) = keys.get_ref().as_table() else { continue };
        for (key, value) in keys {
            let (section, spans) = (section.get_ref(), (key.span(), value.span()));
            if wanted(section, key.get_ref(), &spans) {
                let line = line_of(text, spans.0.start)?;
                return Some(Found { name: format!("{section}.{}", key.get_ref()), line });
            }
        }
    }
    None
}
