//! The address that a user logs in with: trimmed, lower-cased, bounded. Whether mail arrives there is another matter.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use super::invisible::{is_invisible, is_joiner};

/// A normalised e-mail address.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// Text that is no address to log in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an e-mail address such as name@example.test, of at most 254 bytes")]
pub struct EmailError;

/// RFC 5321, section 4.5.3.1.3, less the angle brackets.
const MAX_BYTES: usize = 254;

impl Email {
    /// The normalised text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return Err(EmailError);
        }
        let normal: String = text.nfc().flat_map(char::to_lowercase).collect();
        let (local, domain) = normal.rsplit_once('@').ok_or(EmailError)?;
        let plain = |c: char| !c.is_control() && !c.is_whitespace() && !is_invisible(c) && !is_joiner(c);
        let domain_is_good = !domain.is_empty()
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains("..")
            && domain.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '-');
        if local.is_empty()
            || local.len() > 64
            || !local.chars().all(plain)
            || local.contains('@')
            || !domain_is_good
        {
            return Err(EmailError);
        }
        if normal.len() > MAX_BYTES { Err(EmailError) } else { Ok(Self(normal)) }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_refused() {
        for hidden in
            ["a\u{200b}nn", "\u{202e}ann", "a\u{ad}nn", "\u{feff}ann", "a\u{200d}nn", "a\u{e0041}nn"]
        {
            assert!(format!("{hidden}@example.test").parse::<Email>().is_err(), "{hidden:?}");
            // Joiners are letters' business, and a name may have them.
            let name = hidden.parse::<crate::account::DisplayName>();
            assert_eq!(name.is_ok(), hidden.contains('\u{200d}'), "{hidden:?}");
        }
        assert!("\u{200d}".parse::<crate::account::DisplayName>().is_err());
    }

    #[test]
    fn one_address_has_one_form() {
        assert_eq!(" Ann@Example.TEST ".parse::<Email>().unwrap().as_str(), "ann@example.test");
        // Composed and decomposed accents are the same address.
        assert_eq!("re\u{301}ne@example.test".parse::<Email>(), "r\u{e9}ne@example.test".parse::<Email>());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in
            ["", "@", "a@", "@b", "a b@c.test", "a@b@c.test", "a@.test", "a@b..test", "a\0@b.test", "a@b/c"]
        {
            assert_eq!(bad.parse::<Email>(), Err(EmailError), "{bad:?}");
        }
        assert!(format!("{}@example.test", "a".repeat(65)).parse::<Email>().is_err());
        assert!(format!("a@{}.test", "b".repeat(260)).parse::<Email>().is_err());
    }
}
