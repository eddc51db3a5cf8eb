//! Tokens that must be refused, and with which verdict.

#![expect(clippy::unwrap_used, reason = "a failed assertion is a panic")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::LazyLock;

use counterfoil_jose::{Algorithm, KeySet, MAX_TOKEN_BYTES, SigningKey, Unverified, VerifyError};
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
        (header(json!("text")), VerifyError::Malformed),
        (format!("{good}.e30"), VerifyError::Malformed),
        (format!("{good}.e30.e30"), VerifyError::Malformed),
        (format!("{good}."), VerifyError::Malformed),
        (format!(".{good}"), VerifyError::Malformed),
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

/// Each part of a token with one change made to it.
fn with_part_changed(token: &str, change: impl Fn(&str) -> String) -> [String; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    [0, 1, 2].map(|at| {
        let mut parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
        parts[at] = change(&parts[at]);
        parts.join(".")
    })
}

#[test]
fn a_part_has_one_spelling() {
    // A payload whose encoding has spare bits: two octets in three characters.
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let token = key.sign(TYP, b"{}").unwrap();
    let keys = set(&[key]);
    let padded = with_part_changed(&token, |part| format!("{part}="));
    let spaced = with_part_changed(&token, |part| format!("{part}\n"));
    let other_alphabet = with_part_changed(&token, |part| format!("+{}", &part[1..]));
    let cut = with_part_changed(&token, |part| part[..part.len() / 4 * 4 + 1 - 4].to_owned());
    for changed in [padded, spaced, other_alphabet, cut].iter().flatten() {
        assert_eq!(keys.verify(changed, TYP), Err(VerifyError::Malformed), "{changed}");
    }
    // The next character in the alphabet differs in the lowest bit, which is spare where a part is not full.
    let next = |last: char| char::from_u32(u32::from(last) + 1).unwrap();
    for (stray, part) in with_part_changed(&token, |part| {
        let (start, last) = part.split_at(part.len() - 1);
        format!("{start}{}", next(last.chars().next().unwrap()))
    })
    .iter()
    .zip(token.split('.'))
    {
        if part.len() % 4 != 0 {
            assert_eq!(keys.verify(stray, TYP), Err(VerifyError::Malformed), "{stray}");
        }
    }
    assert!(token.split('.').skip(1).all(|part| part.len() % 4 != 0));
}

#[test]
fn keys_that_a_token_brings_along_are_not_looked_at() {
    let [key, attacker] = [(); 2].map(|()| SigningKey::generate(Algorithm::Es256).unwrap());
    let header = |kid: &str| {
        let jwk = attacker.jwk();
        json!({"alg": "ES256", "kid": kid, "typ": TYP, "jwk": jwk, "jku": "https://evil.example/jwks", "x5c": ["MA"]})
            .to_string()
    };
    let keys = set(&[key]);
    let kid = header(keys_id(&keys, &attacker));
    assert_eq!(keys.verify(&with_header(&attacker, &kid), TYP), Err(VerifyError::UnknownKey));
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
