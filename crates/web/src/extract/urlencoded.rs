//! `application/x-www-form-urlencoded` text: in form bodies, and inside HTTP Basic credentials (RFC 6749, section 2.3.1).

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

/// One name or value. `None` when it is not UTF-8 once decoded.
pub(super) fn decode(text: &[u8]) -> Option<Zeroizing<String>> {
    let spaced: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect());
    String::from_utf8(percent_decode(&spaced).collect()).ok().map(Zeroizing::new)
}

/// All pairs, in order. `None` when one of them is not UTF-8.
pub(super) fn pairs(text: &[u8]) -> Option<Vec<(String, Zeroizing<String>)>> {
    text.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) =
                at.and_then(|at| pair.split_at_checked(at)).unwrap_or((pair, b"=".as_slice()));
            let name = decode(name)?.to_string();
            Some((name, decode(value.get(1..).unwrap_or_default())?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded() {
        let pairs = pairs(b"a=b+c&&d=%C3%A4%2B&e&=f&g=h=i").unwrap();
        let plain: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(plain, [("a", "b c"), ("d", "ä+"), ("e", ""), ("", "f"), ("g", "h=i")]);
        assert!(super::pairs(b"a=%FF").is_none());
    }
}
