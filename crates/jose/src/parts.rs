//! The numbers of a public key, and which are admitted (RFC 7518, sections 6.2.1 and 6.3.1; RFC 8037, section 2).
//!
//! The provider is more lenient than JOSE: it takes an Ed25519 key as a whole certificate field too, joins coordinates of
//! any length, and finds some RSA keys wanting only at the first signature.

use std::ops::RangeInclusive;

use crate::KeyError;

/// The numbers of a public key, big-endian.
pub(crate) enum Parts {
    Es256 { x: Vec<u8>, y: Vec<u8> },
    EdDsa { x: Vec<u8> },
    Rs256 { n: Vec<u8>, e: Vec<u8> },
}

/// The length of a P-256 coordinate and of an Ed25519 key: always in full, so that a key has one spelling and one thumbprint.
const OCTETS: usize = 32;
/// RFC 7518, section 3.3, sets the lower bound, the provider the upper one.
const MODULUS_BITS: RangeInclusive<usize> = 2048..=8192;
/// With an exponent of 1 anybody could sign; the provider's upper bound.
const EXPONENT_BITS: RangeInclusive<usize> = 2..=33;

impl Parts {
    /// The same, if they can be a key. That a point is on its curve is left to the provider.
    pub(crate) fn checked(self) -> Result<Self, KeyError> {
        let admitted = match &self {
            Self::Es256 { x, y } => x.len() == OCTETS && y.len() == OCTETS,
            Self::EdDsa { x } => x.len() == OCTETS,
            Self::Rs256 { n, e } => is_odd_within(n, &MODULUS_BITS) && is_odd_within(e, &EXPONENT_BITS),
        };
        if admitted { Ok(self) } else { Err(KeyError::Malformed) }
    }
}

/// Whether a number is odd, without a leading zero octet, and as many bits long as that.
fn is_odd_within(number: &[u8], bits: &RangeInclusive<usize>) -> bool {
    match (number.first(), number.last()) {
        (Some(1..), Some(last)) if last % 2 == 1 => bits.contains(&bit_length(number)),
        _ => false,
    }
}

fn bit_length(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |first| first.leading_zeros() as usize);
    number.len() * 8 - unused
}
