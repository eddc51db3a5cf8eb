//! The one layout that all opaque credentials share.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Computes the keyed tag of a credential's prefix and body: HMAC-SHA256 under a key of that purpose.
pub trait Mac {
    /// The 32 bytes of the MAC over `prefix` and then `body`.
    fn tag(&self, prefix: &str, body: &[u8]) -> [u8; 32];
}

/// Text that is no credential of ours. It says nothing about why, so that it teaches a forger nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a credential of this server")]
pub struct CredentialError;

/// An opaque credential of fixed size.
pub trait Credential: Sized {
    /// How the text begins, by which leak scanners know it.
    const PREFIX: &'static str;
    /// Bytes before the tag.
    const BODY: usize;
    /// Bytes of the tag.
    const TAG: usize;

    /// The body: what is told and what is secret, in order.
    fn body(&self) -> Zeroizing<Vec<u8>>;

    /// Takes a body apart.
    fn from_body(body: &[u8]) -> Option<Self>;

    /// The text given to the client.
    fn to_text(&self, mac: &dyn Mac) -> Zeroizing<String> {
        let mut bytes = self.body();
        let tag = mac.tag(Self::PREFIX, &bytes);
        bytes.extend(tag.iter().take(Self::TAG));
        let mut text = Zeroizing::new(String::with_capacity(Self::text_length()));
        text.push_str(Self::PREFIX);
        URL_SAFE_NO_PAD.encode_string(&*bytes, &mut text);
        text
    }

    /// The text's length in bytes.
    #[must_use]
    fn text_length() -> usize {
        Self::PREFIX.len() + (Self::BODY + Self::TAG).div_ceil(3) * 4
    }

    /// Reads the text without checking its tag: for a holder of a digest to compare it with, where the tag would tell
    /// nothing more.
    ///
    /// # Errors
    /// When the text is not of this form.
    fn parse_unchecked(text: &str) -> Result<Self, CredentialError> {
        let bytes = decode::<Self>(text)?;
        bytes.get(..Self::BODY).and_then(Self::from_body).ok_or(CredentialError)
    }

    /// Reads the text and checks its tag.
    ///
    /// # Errors
    /// When the text is not of this form, or was not made with this key.
    fn parse(text: &str, mac: &dyn Mac) -> Result<Self, CredentialError> {
        let bytes = decode::<Self>(text)?;
        let (body, tag) = bytes.split_at_checked(Self::BODY).ok_or(CredentialError)?;
        let expected = mac.tag(Self::PREFIX, body);
        let good = expected.get(..Self::TAG).is_some_and(|expected| bool::from(expected.ct_eq(tag)));
        if good { Self::from_body(body).ok_or(CredentialError) } else { Err(CredentialError) }
    }
}

/// Body and tag.
fn decode<C: Credential>(text: &str) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    if text.len() != C::text_length() {
        return Err(CredentialError);
    }
    let encoded = text.strip_prefix(C::PREFIX).ok_or(CredentialError)?;
    URL_SAFE_NO_PAD.decode(encoded).map(Zeroizing::new).map_err(|_| CredentialError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::{ClientSecret, RefreshToken, SessionCookie, SetupSecret};
    use crate::{SecretBytes, SessionId};
    use proptest::prelude::*;

    /// Not a MAC, but it depends on every byte, which is what the layout's tests need.
    struct Sum;

    impl Mac for Sum {
        fn tag(&self, prefix: &str, body: &[u8]) -> [u8; 32] {
            let mut tag = [7_u8; 32];
            for (position, byte) in prefix.bytes().chain(body.iter().copied()).enumerate() {
                for (slot, value) in tag.iter_mut().enumerate() {
                    *value = value
                        .wrapping_mul(31)
                        .wrapping_add(byte ^ u8::try_from((position + slot) % 256).unwrap());
                }
            }
            tag
        }
    }

    fn every_bit_counts<C: Credential>(credential: &C) {
        let text = credential.to_text(&Sum);
        assert_eq!(text.len(), C::text_length());
        assert_eq!(C::parse(&text, &Sum).ok().map(|read| read.body()), Some(credential.body()));
        for bit in 0..text.len() * 8 {
            let mut bytes = text.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(flipped) = String::from_utf8(bytes) {
                assert!(C::parse(&flipped, &Sum).is_err(), "{flipped}");
            }
        }
        for end in 0..text.len() {
            assert!(C::parse(&text[..end], &Sum).is_err());
        }
        assert!(C::parse(&format!("{}=", *text), &Sum).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn every_credential_is_read_back_and_no_flipped_bit_is_accepted(id: [u8; 16], secret: [u8; 32], counter: u32) {
            let session = SessionId::from_bytes(id);
            every_bit_counts(&SessionCookie { session, secret: SecretBytes::new(secret) });
            every_bit_counts(&RefreshToken { session, counter });
            every_bit_counts(&ClientSecret(SecretBytes::new(secret)));
            every_bit_counts(&SetupSecret(SecretBytes::new(secret)));
        }

        #[test]
        fn any_text_is_answered(text in "(cfs_|cfr_)?[A-Za-z0-9_=-]{0,90}") {
            prop_assert!(SessionCookie::parse(&text, &Sum).is_err());
            prop_assert!(RefreshToken::parse(&text, &Sum).is_err());
        }
    }
}
