//! The published test vectors, taken as data.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_jose::{Algorithm, Jwk, JwkSet, KeyError, SigningKey, VerifyError, VerifyingKey};
use serde::Deserialize;
use serde_json::Value;

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

#[derive(Deserialize)]
struct KeySetVector {
    source: String,
    set: Value,
    /// The `kid` of each, or nothing when the set has a secret and is refused.
    admitted: Option<Vec<String>>,
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

#[test]
fn published_key_sets_are_read() {
    let vectors: Vec<KeySetVector> = serde_json::from_str(include_str!("vectors/key_sets.json")).unwrap();
    for vector in vectors {
        let read = JwkSet::parse(&serde_json::to_vec(&vector.set).unwrap());
        let admitted = read.map(|set| set.keys.iter().map(|key| key.key_id().to_owned()).collect());
        assert_eq!(admitted, vector.admitted.ok_or(KeyError::Private), "{}", vector.source);
    }
}

#[test]
fn a_published_private_key_makes_the_published_signature() {
    // RFC 8037, appendices A.1 to A.4; RFC 8410, section 7, puts the 32 octets of `d` behind these.
    let d = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let der = [b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", &d[..]].concat();
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, &der).unwrap();
    assert_eq!(key.key_id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    assert_eq!(
        key.sign_input(input.to_owned()).unwrap(),
        format!(
            "{input}.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        )
    );
}
