//! What a password may be (NIST SP 800-63B, section 3.1.1): long enough, not too long to hash, and not one that everybody uses.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The 8,300 most common passwords of eight characters or more, lower case, sorted by byte.
/// From the list by Royce Williams, in the public domain, as Django ships it.
const COMMON: &str = include_str!("common_passwords.txt");

/// What is asked of a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest code points, after normalisation.
    pub min_length: usize,
}

/// A password that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer code points than asked for.
    #[error("the password must have at least {0} characters")]
    TooShort(usize),
    /// More code points than allowed.
    #[error("the password must have at most {max} characters", max = PasswordPolicy::MAX_LENGTH)]
    TooLong,
    /// One of the passwords that are tried first.
    #[error("this password is one of the most common ones: choose another, for example four unrelated words")]
    Common,
    /// It has a NUL character, which other systems cut passwords at.
    #[error("the password must not contain a NUL character")]
    Nul,
}

impl PasswordPolicy {
    /// The most code points that a password can have.
    pub const MAX_LENGTH: usize = 256;

    /// Checks a new password and returns it normalised.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn check(&self, password: &str) -> Result<Zeroizing<String>, PasswordError> {
        let normal = normalise_password(password)?;
        if normal.chars().count() < self.min_length {
            return Err(PasswordError::TooShort(self.min_length));
        }
        let lower = Zeroizing::new(normal.to_lowercase());
        if is_common(&lower) { Err(PasswordError::Common) } else { Ok(normal) }
    }
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: 8 }
    }
}

/// Unicode NFC, so that one password typed on two keyboards is one password; bounded first, so that a huge input
/// costs nothing.
///
/// # Errors
/// When no password could be so long, or it has a NUL character.
pub fn normalise_password(password: &str) -> Result<Zeroizing<String>, PasswordError> {
    // NFC can shorten a text threefold in code points, and a code point has at most four bytes.
    if password.len() > PasswordPolicy::MAX_LENGTH * 4 * 3 {
        return Err(PasswordError::TooLong);
    }
    if password.contains('\0') {
        return Err(PasswordError::Nul);
    }
    let normal: Zeroizing<String> = Zeroizing::new(password.nfc().collect());
    if normal.chars().count() > PasswordPolicy::MAX_LENGTH { Err(PasswordError::TooLong) } else { Ok(normal) }
}

fn is_common(lower: &str) -> bool {
    // Binary search over the lines: nothing is built at start, nothing is held but the text itself.
    let (mut low, mut high) = (0, COMMON.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let before = COMMON.as_bytes().get(..middle).unwrap_or_default();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let Some(line) = COMMON.get(start..).and_then(|rest| rest.lines().next()) else { return false };
        match line.cmp(lower) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = start + line.len() + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_every_line_of_it_is_found() {
        let lines: Vec<_> = COMMON.lines().collect();
        assert!(lines.len() > 8000);
        assert!(lines.is_sorted());
        assert!(lines.iter().all(|line| is_common(line) && line.len() >= 8));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        let policy = PasswordPolicy::default();
        for password in ["password", "PassWord", "12345678", "qwertyuiop"] {
            assert_eq!(policy.check(password).unwrap_err(), PasswordError::Common, "{password}");
        }
        assert!(policy.check("correct horse battery staple").is_ok());
        assert!(policy.check("zzzzzzzzzzzzzzzzzzz-last").is_ok());
        assert!(policy.check("!!!!!!!! first").is_ok());
    }

    #[test]
    fn length_is_counted_in_code_points_after_nfc() {
        let policy = PasswordPolicy::default();
        assert_eq!(policy.check("1234567").unwrap_err(), PasswordError::TooShort(8));
        assert!(policy.check("žluťoučk").is_ok());
        // Seven letters, each with a combining accent: fourteen code points that compose to seven.
        assert_eq!(policy.check(&"e\u{301}".repeat(7)).unwrap_err(), PasswordError::TooShort(8));
        assert!(policy.check(&"𓀀".repeat(256)).is_ok());
        assert_eq!(policy.check(&"𓀀".repeat(257)).unwrap_err(), PasswordError::TooLong);
        assert_eq!(policy.check(&"x".repeat(1 << 20)).unwrap_err(), PasswordError::TooLong);
        assert_eq!(policy.check("nul\0inside-it").unwrap_err(), PasswordError::Nul);
    }

    #[test]
    fn one_password_typed_in_two_ways_is_one() {
        assert_eq!(
            normalise_password("re\u{301}sume\u{301}").unwrap(),
            normalise_password("résumé").unwrap()
        );
    }
}
