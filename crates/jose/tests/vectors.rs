//! The published test vectors, taken as data.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_jose::{Jwk, VerifyError, VerifyingKey};
use serde::Deserialize;

#[derive(Deserialize)]
struct SignatureVector {
    source: String,
    jwk: Jwk,
    signing_input: String,
    signature: String,
}

#[derive(Deserialize)]
struct ThumbprintVector {
    source: String,
    jwk: Jwk,
    thumbprint: String,
}

#[test]
fn published_signatures_verify_and_altered_ones_do_not() {
    let vectors: Vec<SignatureVector> =
        serde_json::from_str(include_str!("vectors/signatures.json")).unwrap();
    for vector in vectors {
        let key = VerifyingKey::from_jwk(&vector.jwk).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(&vector.signature).unwrap();
        let input = vector.signing_input.as_bytes();
        assert_eq!(key.verify_signature(input, &signature), Ok(()), "{}", vector.source);
        for bit in (0..signature.len() * 8).step_by(7) {
            let mut altered = signature.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                key.verify_signature(input, &altered),
                Err(VerifyError::BadSignature),
                "{}",
                vector.source
            );
        }
        assert!(key.verify_signature(&input[1..], &signature).is_err());
        assert!(key.verify_signature(input, &[]).is_err());
    }
}

#[test]
fn published_thumbprints_agree() {
    let vectors: Vec<ThumbprintVector> =
        serde_json::from_str(include_str!("vectors/thumbprints.json")).unwrap();
    for vector in vectors {
        assert_eq!(vector.jwk.thumbprint(), vector.thumbprint, "{}", vector.source);
    }
}
