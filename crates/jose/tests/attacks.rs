//! Tokens that must be refused, and with which verdict; and agreement with an independent implementation.

#![expect(clippy::unwrap_used, reason = "a failed assertion is a panic")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_jose::{
    Algorithm, JwkSet, KeyError, KeySet, MAX_TOKEN_BYTES, SigningKey, VerifyError, VerifyingKey,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const TYP: &str = "at+jwt";

fn keys() -> Vec<SigningKey> {
    Algorithm::ALL.into_iter().map(|algorithm| SigningKey::generate(algorithm).unwrap()).collect()
}

fn set(keys: &[SigningKey]) -> KeySet {
    keys.iter().map(|key| key.verifying_key().unwrap()).collect()
}

/// A token with any header, signed by the key all the same.
fn with_header(key: &SigningKey, header: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"));
    key.sign_input(input).unwrap()
}

#[test]
fn what_is_signed_verifies_after_a_round_trip_of_the_private_key() {
    for key in keys() {
        let stored = key.to_pkcs8().unwrap();
        let restored = SigningKey::from_pkcs8(key.algorithm(), &stored).unwrap();
        assert_eq!(restored.jwk(), key.jwk());
        let token = restored.sign(TYP, b"{\"a\":1}").unwrap();
        assert_eq!(set(&[key]).verify(&token, TYP).unwrap().payload, b"{\"a\":1}");
        for other in Algorithm::ALL.into_iter().filter(|other| *other != restored.algorithm()) {
            assert!(SigningKey::from_pkcs8(other, &stored).is_err());
        }
    }
}

#[test]
fn no_flipped_bit_and_no_truncation_is_accepted() {
    for key in keys() {
        let token = key.sign(TYP, b"{\"sub\":\"ann\"}").unwrap();
        let keys = set(&[key]);
        for bit in 0..token.len() * 8 {
            let mut bytes = token.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(flipped) = String::from_utf8(bytes) {
                // Upper and lower case of `typ` mean the same, but the header is signed.
                assert!(keys.verify(&flipped, TYP).is_err(), "bit {bit} of {token}");
            }
        }
        for end in 0..token.len() {
            assert!(keys.verify(&token[..end], TYP).is_err());
        }
    }
}

#[test]
fn each_forgery_has_its_verdict() {
    let keys_held = keys();
    let keys = set(&keys_held);
    let key = &keys_held[0];
    let kid = key.key_id();
    let other_kid = keys_held[1].key_id();
    let foreign = SigningKey::generate(Algorithm::Es256).unwrap();
    let good = key.sign(TYP, b"{}").unwrap();
    let header = |value: Value| with_header(key, &value.to_string());
    let cases = [
        (header(json!({"alg": "none", "kid": kid, "typ": TYP})), VerifyError::AlgorithmMismatch),
        (header(json!({"alg": "HS256", "kid": kid, "typ": TYP})), VerifyError::AlgorithmMismatch),
        (header(json!({"alg": "es256", "kid": kid, "typ": TYP})), VerifyError::AlgorithmMismatch),
        (header(json!({"alg": "ES256", "kid": other_kid, "typ": TYP})), VerifyError::AlgorithmMismatch),
        (header(json!({"alg": "EdDSA", "kid": other_kid, "typ": TYP})), VerifyError::BadSignature),
        (header(json!({"alg": "ES256", "kid": "no such", "typ": TYP})), VerifyError::UnknownKey),
        (foreign.sign(TYP, b"{}").unwrap(), VerifyError::UnknownKey),
        (header(json!({"alg": "ES256", "typ": TYP})), VerifyError::Malformed),
        (header(json!({"kid": kid, "typ": TYP})), VerifyError::Malformed),
        (header(json!({"alg": "ES256", "kid": kid})), VerifyError::Malformed),
        (header(json!({"alg": "ES256", "kid": [kid], "typ": TYP})), VerifyError::Malformed),
        (header(json!({"alg": "ES256", "kid": kid, "typ": "JWT"})), VerifyError::TypeMismatch),
        (
            header(json!({"alg": "ES256", "kid": kid, "typ": TYP, "crit": []})),
            VerifyError::UnsupportedExtension,
        ),
        (
            header(json!({"alg": "ES256", "kid": kid, "typ": TYP, "b64": false})),
            VerifyError::UnsupportedExtension,
        ),
        (
            header(json!({"alg": "ES256", "kid": kid, "typ": TYP, "zip": "DEF"})),
            VerifyError::UnsupportedExtension,
        ),
        (
            with_header(key, &format!(r#"{{"alg":"none","alg":"ES256","kid":"{kid}","typ":"{TYP}"}}"#)),
            VerifyError::DuplicateMember,
        ),
        (with_header(key, "[]"), VerifyError::Malformed),
        (with_header(key, ""), VerifyError::Malformed),
        (format!("{good}="), VerifyError::Malformed),
        (format!("{good}.e30"), VerifyError::Malformed),
        (good.replacen('.', "..", 1), VerifyError::Malformed),
        (format!(" {good}"), VerifyError::Malformed),
        (String::new(), VerifyError::Malformed),
        ("..".to_owned(), VerifyError::Malformed),
        ("a".repeat(MAX_TOKEN_BYTES + 1), VerifyError::TooLong),
    ];
    assert!(keys.verify(&good, TYP).is_ok());
    assert!(keys.verify(&good, "application/AT+JWT").is_ok());
    for (token, verdict) in cases {
        assert_eq!(keys.verify(&token, TYP), Err(verdict), "{token}");
    }
}

#[test]
fn a_public_key_used_as_an_hmac_secret_is_of_no_use() {
    let key = SigningKey::generate(Algorithm::Rs256).unwrap();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some(key.key_id().to_owned());
    header.typ = Some(TYP.to_owned());
    let secret = serde_json::to_vec(key.jwk()).unwrap();
    let forged =
        jsonwebtoken::encode(&header, &json!({}), &jsonwebtoken::EncodingKey::from_secret(&secret)).unwrap();
    assert_eq!(set(&[key]).verify(&forged, TYP), Err(VerifyError::AlgorithmMismatch));
}

#[test]
fn an_independent_implementation_reads_our_tokens_and_we_read_its() {
    for key in keys() {
        let (theirs, encoding) = match key.algorithm() {
            Algorithm::Es256 => (
                jsonwebtoken::Algorithm::ES256,
                jsonwebtoken::EncodingKey::from_ec_der(&key.to_pkcs8().unwrap()),
            ),
            Algorithm::EdDsa => (
                jsonwebtoken::Algorithm::EdDSA,
                jsonwebtoken::EncodingKey::from_ed_der(&key.to_pkcs8().unwrap()),
            ),
            Algorithm::Rs256 => (jsonwebtoken::Algorithm::RS256, jsonwebtoken::EncodingKey::from_secret(&[])),
        };
        let jwk: jsonwebtoken::jwk::Jwk =
            serde_json::from_value(serde_json::to_value(key.jwk()).unwrap()).unwrap();
        let decoding = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
        let mut validation = jsonwebtoken::Validation::new(theirs);
        validation.set_required_spec_claims::<&str>(&[]);
        validation.validate_exp = false;
        let token = key.sign(TYP, b"{\"n\":7}").unwrap();
        let read = jsonwebtoken::decode::<Value>(&token, &decoding, &validation).unwrap();
        assert_eq!((read.claims, read.header.kid.as_deref()), (json!({"n": 7}), Some(key.key_id())));
        // RSA keys in PKCS #8 are not what that one takes.
        if key.algorithm() != Algorithm::Rs256 {
            let mut header = jsonwebtoken::Header::new(theirs);
            header.kid = Some(key.key_id().to_owned());
            header.typ = Some(TYP.to_owned());
            let token = jsonwebtoken::encode(&header, &json!({"n": 8}), &encoding).unwrap();
            assert_eq!(set(&[key]).verify(&token, TYP).unwrap().payload, b"{\"n\":8}");
        }
    }
}

#[test]
fn key_sets_are_read_and_written_without_secrets() {
    let keys = keys();
    let published =
        serde_json::to_vec(&JwkSet { keys: keys.iter().map(|key| key.jwk().clone()).collect() }).unwrap();
    let read = JwkSet::parse(&published).unwrap();
    assert_eq!(read.keys.len(), 3);
    for jwk in &read.keys {
        assert_eq!(jwk.key_id(), jwk.thumbprint());
        assert_eq!(serde_json::to_value(jwk).unwrap()["use"], "sig");
        assert!(VerifyingKey::from_jwk(jwk).is_ok());
    }
    let foreign =
        br#"{"keys":[{"kty":"oct","kid":"x"},{"kty":"EC","crv":"P-521"},{"kty":"RSA","use":"enc"}]}"#;
    assert_eq!(JwkSet::parse(foreign), Ok(JwkSet::default()));
    let leaked = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}]}"#;
    assert_eq!(JwkSet::parse(leaked), Err(KeyError::Private));
    for bad in [&b""[..], b"[]", b"{}", b"{\"keys\":1}", b"{\"keys\":[],\"keys\":[]}"] {
        assert_eq!(JwkSet::parse(bad), Err(KeyError::Malformed));
    }
}

#[test]
fn rsa_keys_have_2048_bits() {
    let key = SigningKey::generate(Algorithm::Rs256).unwrap();
    let jwk = serde_json::to_value(key.jwk()).unwrap();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    assert_eq!((modulus.len(), modulus[0] >> 7), (256, 1));
    let short = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(&modulus[..128]), "e": "AQAB"});
    assert!(VerifyingKey::from_jwk(&serde_json::from_value(short).unwrap()).is_err());
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "[A-Za-z0-9_=.-]{0,200}") {
        let keys = KeySet::default();
        prop_assert!(keys.verify(&text, TYP).is_err());
    }

    #[test]
    fn any_payload_comes_back(payload: Vec<u8>) {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let token = key.sign(TYP, &payload).unwrap();
        prop_assert_eq!(set(&[key]).verify(&token, TYP).unwrap().payload, payload);
    }
}
