//! Tokens that must be refused, and with which verdict.

#![expect(clippy::unwrap_used, reason = "a failed assertion is a panic")]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_jose::{Algorithm, KeySet, MAX_TOKEN_BYTES, SigningKey, Unverified, VerifyError};
use proptest::prelude::*;
use serde_json::{Value, json};

const TYP: &str = "at+jwt";

/// A key of each algorithm, in their order, and the set of them.
static KEYS: LazyLock<[SigningKey; 3]> =
    LazyLock::new(|| Algorithm::ALL.map(|algorithm| SigningKey::generate(algorithm).unwrap()));
static SET: LazyLock<KeySet> =
    LazyLock::new(|| KEYS.iter().map(|key| key.verifying_key().unwrap()).collect());

/// A token with any header, signed by the key all the same.
fn with_header(key: &SigningKey, header: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"));
    key.sign_input(input).unwrap()
}

/// The token three times, each time with another part changed.
fn with_a_part_changed(token: &str, change: impl Fn(&str) -> String) -> [String; 3] {
    [0, 1, 2].map(|changed| {
        let parts = token.split('.').enumerate();
        let parts = parts.map(|(at, part)| if at == changed { change(part) } else { part.to_owned() });
        parts.collect::<Vec<_>>().join(".")
    })
}

#[test]
fn what_is_signed_verifies_after_a_round_trip_of_the_private_key() {
    for key in KEYS.iter() {
        let stored = key.to_pkcs8().unwrap();
        let restored = SigningKey::from_pkcs8(key.algorithm(), &stored).unwrap();
        assert_eq!(restored.jwk(), key.jwk());
        let token = restored.sign(TYP, b"{\"a\":1}").unwrap();
        assert_eq!(SET.verify(&token, TYP).unwrap(), b"{\"a\":1}");
        let token = Unverified::parse(&token).unwrap();
        assert_eq!(
            (token.header().alg.as_str(), token.header().kid.as_str(), token.header().typ.as_str()),
            (key.algorithm().as_str(), key.key_id(), TYP)
        );
        for other in Algorithm::ALL.into_iter().filter(|other| *other != restored.algorithm()) {
            assert!(SigningKey::from_pkcs8(other, &stored).is_err());
        }
        assert!(SigningKey::from_pkcs8(key.algorithm(), &stored[1..]).is_err());
    }
}

#[test]
fn what_is_signed_is_known_before_the_signature() {
    for key in KEYS.iter() {
        let input = key.signing_input(TYP, b"{}");
        let token = key.sign_input(input.clone()).unwrap();
        assert_eq!(Unverified::parse(&token).unwrap().signing_input(), input);
        assert_eq!(SET.verify(&token, TYP).unwrap(), b"{}");
    }
}

#[test]
fn a_token_is_three_parts_before_it_is_verified() {
    let [key, ..] = &*KEYS;
    let token = key.sign(TYP, b"{}").unwrap();
    for wrong in
        [format!("{token}.e30"), token.replacen('.', "..", 1), format!("{token}.e30.e30"), "e30".to_owned()]
    {
        assert_eq!(Unverified::parse(&wrong).err(), Some(VerifyError::Malformed), "{wrong}");
    }
}

#[test]
fn no_flipped_bit_and_no_truncation_is_accepted() {
    for key in KEYS.iter() {
        let token = key.sign(TYP, b"{\"sub\":\"ann\"}").unwrap();
        for bit in 0..token.len() * 8 {
            let mut bytes = token.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(flipped) = String::from_utf8(bytes) {
                // Upper and lower case of `typ` mean the same, but the header is signed.
                assert!(SET.verify(&flipped, TYP).is_err(), "bit {bit} of {token}");
            }
        }
        for end in 0..token.len() {
            assert!(SET.verify(&token[..end], TYP).is_err());
        }
    }
}

#[test]
fn each_forgery_has_its_verdict() {
    let [key, other, _] = &*KEYS;
    let (kid, other_kid) = (key.key_id(), other.key_id());
    let foreign = SigningKey::generate(Algorithm::Es256).unwrap();
    let good = key.sign(TYP, b"{}").unwrap();
    let header = |value: Value| with_header(key, &value.to_string());
    let with_member = |name: &str, value: Value| {
        let mut members = json!({"alg": "ES256", "kid": kid, "typ": TYP});
        members[name] = value;
        header(members)
    };
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let cases = [
        (with_member("alg", json!("none")), VerifyError::AlgorithmMismatch),
        (with_member("alg", json!("HS256")), VerifyError::AlgorithmMismatch),
        (with_member("alg", json!("es256")), VerifyError::AlgorithmMismatch),
        (with_member("kid", json!(other_kid)), VerifyError::AlgorithmMismatch),
        (header(json!({"alg": "EdDSA", "kid": other_kid, "typ": TYP})), VerifyError::BadSignature),
        (with_member("kid", json!("no such")), VerifyError::UnknownKey),
        (with_member("kid", json!("")), VerifyError::UnknownKey),
        (foreign.sign(TYP, b"{}").unwrap(), VerifyError::UnknownKey),
        (header(json!({"alg": "ES256", "typ": TYP})), VerifyError::Malformed),
        (header(json!({"kid": kid, "typ": TYP})), VerifyError::Malformed),
        (header(json!({"alg": "ES256", "kid": kid})), VerifyError::Malformed),
        (with_member("kid", json!([kid])), VerifyError::Malformed),
        (with_member("alg", Value::Null), VerifyError::Malformed),
        (with_member("typ", json!("JWT")), VerifyError::TypeMismatch),
        (with_member("typ", json!("")), VerifyError::TypeMismatch),
        (with_member("crit", json!([])), VerifyError::UnsupportedExtension),
        (with_member("crit", json!(["exp"])), VerifyError::UnsupportedExtension),
        (with_member("b64", json!(true)), VerifyError::UnsupportedExtension),
        (with_member("zip", json!("DEF")), VerifyError::UnsupportedExtension),
        (
            with_header(key, &format!(r#"{{"alg":"none","alg":"ES256","kid":"{kid}","typ":"{TYP}"}}"#)),
            VerifyError::DuplicateMember,
        ),
        (
            with_header(
                key,
                &format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"{TYP}","x":{{"y":1,"y":1}}}}"#),
            ),
            VerifyError::DuplicateMember,
        ),
        (with_header(key, "[]"), VerifyError::Malformed),
        (with_header(key, ""), VerifyError::Malformed),
        (header(json!("text")), VerifyError::Malformed),
        (signed.to_owned(), VerifyError::Malformed),
        (format!("{signed}."), VerifyError::BadSignature),
        (format!("{signed}.{}", &signature[4..]), VerifyError::BadSignature),
        (format!("{good}."), VerifyError::Malformed),
        (format!("{good}.e30"), VerifyError::Malformed),
        (format!("{good}.e30.e30"), VerifyError::Malformed),
        (format!(".{good}"), VerifyError::Malformed),
        (good.replacen('.', "..", 1), VerifyError::Malformed),
        (format!(" {good}"), VerifyError::Malformed),
        (String::new(), VerifyError::Malformed),
        ("..".to_owned(), VerifyError::Malformed),
        ("a".repeat(MAX_TOKEN_BYTES), VerifyError::Malformed),
        ("a".repeat(MAX_TOKEN_BYTES + 1), VerifyError::TooLong),
    ];
    assert!(SET.verify(&good, TYP).is_ok());
    for (token, verdict) in cases {
        assert_eq!(SET.verify(&token, TYP), Err(verdict), "{token}");
    }
}

#[test]
fn a_type_is_compared_as_a_media_type() {
    let [key, ..] = &*KEYS;
    for (stated, expected, same) in [
        ("at+jwt", "AT+JWT", true),
        ("at+jwt", "application/at+jwt", true),
        ("Application/AT+jwt", "at+jwt", true),
        ("application/at+jwt", "application/at+jwt", true),
        ("at+jwt ", "at+jwt", false),
        ("text/at+jwt", "at+jwt", false),
        ("application/application/at+jwt", "at+jwt", false),
        ("application/", "application/at+jwt", false),
        ("jwt", "at+jwt", false),
        // The prefix ends in the middle of this character.
        ("applicationé", "at+jwt", false),
    ] {
        let token = key.sign(stated, b"{}").unwrap();
        assert_eq!(SET.verify(&token, expected).is_ok(), same, "{stated} {expected}");
    }
}

#[test]
fn a_part_has_one_spelling() {
    let [key, ..] = &*KEYS;
    let token = key.sign(TYP, b"{}").unwrap();
    let changes: [&dyn Fn(&str) -> String; 5] = [
        &|part| format!("{part}="),
        &|part| format!("{part}=="),
        &|part| format!("{part}\n"),
        &|part| format!("+{}", &part[1..]),
        &|part| format!("/{}", &part[1..]),
    ];
    for changed in changes.iter().flat_map(|change| with_a_part_changed(&token, change)) {
        assert_eq!(SET.verify(&changed, TYP), Err(VerifyError::Malformed), "{changed}");
    }
}

#[test]
fn spare_bits_are_zero() {
    // Both the payload and the signature are an octet more than full groups of three, so four bits are spare; a header is
    // given a space or two to be the like.
    let [key, ..] = &*KEYS;
    for spaces in ["", " ", "  "] {
        let header = format!(r#"{{"alg":"ES256","kid":"{}","typ":"{TYP}"}}{spaces}"#, key.key_id());
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{ }{"));
        let token = key.sign_input(input).unwrap();
        assert!(SET.verify(&token, TYP).is_ok());
        let parts = token.split('.').map(|part| part.len() % 4);
        // `A`, `Q`, `g` and the like end a part that is not full; the letter after them has the lowest bit set.
        let strays = with_a_part_changed(&token, |part| {
            let (start, last) = part.split_at(part.len() - 1);
            format!("{start}{}", char::from(last.as_bytes()[0] + 1))
        });
        for (stray, _) in strays.iter().zip(parts).filter(|(_, rest)| *rest != 0) {
            assert_eq!(SET.verify(stray, TYP), Err(VerifyError::Malformed), "{stray}");
        }
    }
}

#[test]
fn a_key_that_a_token_brings_along_is_not_looked_at() {
    let [key, ..] = &*KEYS;
    let attacker = SigningKey::generate(Algorithm::Es256).unwrap();
    let header = |kid: &str| {
        json!({
            "alg": "ES256", "kid": kid, "typ": TYP,
            "jwk": attacker.jwk(), "jku": "https://evil.example/jwks", "x5u": "https://evil.example/x5u", "x5c": ["MA=="],
        })
        .to_string()
    };
    let forged = |kid| SET.verify(&with_header(&attacker, &header(kid)), TYP);
    assert_eq!(forged(attacker.key_id()), Err(VerifyError::UnknownKey));
    assert_eq!(forged(key.key_id()), Err(VerifyError::BadSignature));
    assert!(SET.verify(&with_header(key, &header(key.key_id())), TYP).is_ok());
}

#[test]
fn parts_of_two_good_tokens_do_not_mix() {
    for key in KEYS.iter() {
        let tokens =
            [&b"{\"sub\":\"ann\"}"[..], b"{\"sub\":\"bob\"}"].map(|payload| key.sign(TYP, payload).unwrap());
        let [(input, _), (_, signature)] = [0, 1].map(|at: usize| tokens[at].rsplit_once('.').unwrap());
        assert_eq!(SET.verify(&format!("{input}.{signature}"), TYP), Err(VerifyError::BadSignature));
    }
}

#[test]
fn verdicts_have_stable_words() {
    for (verdict, code) in [
        (VerifyError::TooLong, "token_too_long"),
        (VerifyError::Malformed, "malformed_token"),
        (VerifyError::DuplicateMember, "duplicate_member"),
        (VerifyError::UnsupportedExtension, "unsupported_extension"),
        (VerifyError::UnknownKey, "unknown_key"),
        (VerifyError::AlgorithmMismatch, "algorithm_mismatch"),
        (VerifyError::TypeMismatch, "wrong_token_type"),
        (VerifyError::BadSignature, "bad_signature"),
    ] {
        assert_eq!(verdict.code(), code);
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in prop_oneof!["\\PC{0,200}", "[A-Za-z0-9_=.-]{0,200}", any::<String>()]) {
        prop_assert!(SET.verify(&text, TYP).is_err());
    }

    #[test]
    fn any_header_and_signature_are_answered(header: Vec<u8>, payload: Vec<u8>, signature: Vec<u8>) {
        let token = [header, payload, signature].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        prop_assert!(SET.verify(&token, TYP).is_err());
    }

    #[test]
    fn a_good_header_does_not_make_up_for_a_signature(which in 0..3_usize, payload: Vec<u8>, signature: Vec<u8>) {
        let input = KEYS[which].signing_input(TYP, &payload);
        let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
        prop_assert_eq!(SET.verify(&token, TYP), Err(VerifyError::BadSignature));
    }

    #[test]
    fn any_payload_and_type_come_back(which in 0..2_usize, typ: String, payload: Vec<u8>) {
        let token = KEYS[which].sign(&typ, &payload).unwrap();
        let verified = SET.verify(&token, &typ).unwrap();
        prop_assert_eq!(verified, payload);
    }
}
