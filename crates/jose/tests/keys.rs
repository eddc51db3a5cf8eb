//! Which keys are admitted, one by one and in sets, and that nothing secret is shown.

#![expect(clippy::unwrap_used, reason = "a failed assertion is a panic")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_jose::{Algorithm, Jwk, JwkSet, KeyError, KeySet, SigningKey, Unverified, VerifyingKey};
use serde_json::{Value, json};

/// A new key's public half as JSON, without the members that may be left out.
fn bare(algorithm: Algorithm) -> Value {
    let mut jwk = serde_json::to_value(SigningKey::generate(algorithm).unwrap().jwk()).unwrap();
    for name in ["use", "alg", "kid"] {
        jwk.as_object_mut().unwrap().remove(name);
    }
    jwk
}

fn with(jwk: &Value, name: &str, value: Value) -> Value {
    let mut jwk = jwk.clone();
    jwk.as_object_mut().unwrap().insert(name.to_owned(), value);
    jwk
}

fn number(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()
}

fn text(bytes: &[u8]) -> Value {
    URL_SAFE_NO_PAD.encode(bytes).into()
}

fn admit(jwk: Value) -> Result<Algorithm, KeyError> {
    VerifyingKey::from_jwk(&Jwk::try_from(jwk)?).map(|key| key.algorithm())
}

#[test]
fn a_key_has_one_spelling() {
    let ec = bare(Algorithm::Es256);
    let (x, y) = (number(&ec, "x"), number(&ec, "y"));
    let shifted =
        json!({"kty": "EC", "crv": "P-256", "x": text(&[&x[..], &y[..1]].concat()), "y": text(&y[1..])});
    let okp = bare(Algorithm::EdDsa);
    let x25519 = number(&okp, "x");
    // RFC 8410: what a certificate wraps around an Ed25519 key, which the provider would unwrap.
    let wrapped = [b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", &x25519[..]].concat();
    let cases = [
        ("coordinates of other lengths", shifted),
        ("a point that is not on the curve", with(&ec, "y", text(&x))),
        ("a short coordinate", with(&ec, "x", text(&x[1..]))),
        ("no point", json!({"kty": "EC", "crv": "P-256", "x": "", "y": ""})),
        ("no y", json!({"kty": "EC", "crv": "P-256", "x": text(&x)})),
        ("padded base64url", with(&ec, "x", format!("{}=", ec["x"].as_str().unwrap()).into())),
        ("a wrapped key", with(&okp, "x", text(&wrapped))),
        ("a short key", with(&okp, "x", text(&x25519[1..]))),
    ];
    for (what, jwk) in cases {
        assert_eq!(admit(jwk), Err(KeyError::Malformed), "{what}");
    }
    assert_eq!((admit(ec), admit(okp)), (Ok(Algorithm::Es256), Ok(Algorithm::EdDsa)));
}

#[test]
fn rsa_keys_have_2048_bits_when_made_and_2048_to_8192_when_read() {
    let rsa = bare(Algorithm::Rs256);
    let n = number(&rsa, "n");
    assert_eq!((n.len(), n[0] >> 7), (256, 1));
    let bits = |count: usize| {
        let mut n = vec![0xff; count.div_ceil(8)];
        n[0] >>= (8 - count % 8) % 8;
        text(&n)
    };
    for (count, admitted) in
        [(1024, false), (2047, false), (2048, true), (3072, true), (8192, true), (8193, false)]
    {
        assert_eq!(admit(with(&rsa, "n", bits(count))).is_ok(), admitted, "{count} bits");
    }
    let mut even = n.clone();
    even[255] &= 0xfe;
    for (what, n) in [("leading zero", [&[0][..], &n].concat()), ("even", even), ("none", Vec::new())] {
        // Already as a JWK, which would have another thumbprint.
        assert_eq!(Jwk::try_from(with(&rsa, "n", text(&n))), Err(KeyError::Malformed), "{what}");
    }
    // 1 would make every message its own signature.
    for e in [&b""[..], b"\x00", b"\x01", b"\x02", b"\x00\x01\x00\x01", b"\x02\x00\x00\x00\x01"] {
        assert_eq!(Jwk::try_from(with(&rsa, "e", text(e))), Err(KeyError::Malformed), "{e:?}");
    }
    for e in [&b"\x03"[..], b"\x01\x00\x01"] {
        assert_eq!(admit(with(&rsa, "e", text(e))), Ok(Algorithm::Rs256), "{e:?}");
    }
}

#[test]
fn a_key_is_only_used_for_what_it_says_it_is_for() {
    let okp = bare(Algorithm::EdDsa);
    for (name, value, verdict) in [
        ("use", json!("sig"), None),
        ("use", json!("enc"), Some(KeyError::Unsupported)),
        ("use", json!(5), Some(KeyError::Malformed)),
        ("key_ops", json!(["sign", "verify"]), None),
        ("key_ops", json!(["encrypt"]), Some(KeyError::Unsupported)),
        ("key_ops", json!([]), Some(KeyError::Unsupported)),
        ("key_ops", json!("verify"), Some(KeyError::Malformed)),
        ("alg", json!("EdDSA"), None),
        ("alg", json!("ES256"), Some(KeyError::Unsupported)),
        ("alg", json!("none"), Some(KeyError::Unsupported)),
        ("alg", json!(["EdDSA"]), Some(KeyError::Malformed)),
        ("kid", json!(5), Some(KeyError::Malformed)),
        ("crv", json!("X25519"), Some(KeyError::Unsupported)),
        ("kty", json!("EC"), Some(KeyError::Unsupported)),
        ("x5u", json!("https://example.com"), None),
    ] {
        let admitted = admit(with(&okp, name, value.clone()));
        assert_eq!(admitted.err(), verdict, "{name}: {value}");
    }
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert_eq!(admit(with(&okp, name, Value::Null)), Err(KeyError::Private), "{name}");
    }
}

#[test]
fn a_key_without_an_id_is_named_by_its_thumbprint() {
    let jwk = Jwk::try_from(bare(Algorithm::EdDsa)).unwrap();
    assert_eq!(jwk.key_id(), jwk.thumbprint());
    let named = Jwk::try_from(with(&bare(Algorithm::EdDsa), "kid", json!("spring"))).unwrap();
    assert_eq!(named.key_id(), "spring");
    assert_ne!(named.thumbprint(), "spring");
}

#[test]
fn a_duplicate_member_is_refused_in_a_key_as_in_a_set() {
    let x = bare(Algorithm::EdDsa)["x"].clone();
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":{x},"kid":"a","kid":"b"}}"#);
    assert!(serde_json::from_str::<Jwk>(&jwk).is_err());
    assert_eq!(JwkSet::parse(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes()), Err(KeyError::Malformed));
}

#[test]
fn key_sets_are_read_and_written_without_secrets() {
    let keys = Algorithm::ALL.map(|algorithm| SigningKey::generate(algorithm).unwrap());
    let published = JwkSet { keys: keys.iter().map(|key| key.jwk().clone()).collect() };
    let written = serde_json::to_vec(&published).unwrap();
    assert_eq!(JwkSet::parse(&written).as_ref(), Ok(&published));
    for jwk in &published.keys {
        assert_eq!(jwk.key_id(), jwk.thumbprint());
        let written = serde_json::to_value(jwk).unwrap();
        assert_eq!((&written["use"], &written["alg"]), (&json!("sig"), &json!(jwk.algorithm())));
        assert!(written.get("d").is_none());
        assert_eq!(serde_json::from_value::<Jwk>(written).unwrap(), *jwk);
    }
    let leaked = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}]}"#;
    assert_eq!(JwkSet::parse(leaked), Err(KeyError::Private));
    for bad in [&b""[..], b"[]", b"{}", b"{\"keys\":1}", b"{\"keys\":[],\"keys\":[]}"] {
        assert_eq!(JwkSet::parse(bad), Err(KeyError::Malformed));
    }
}

#[test]
fn what_cannot_be_used_is_passed_over_in_a_set() {
    let good = bare(Algorithm::Es256);
    let weak = with(&bare(Algorithm::Rs256), "e", json!("AQ"));
    let set = json!({"keys": [
        {"kty": "oct", "kid": "x"}, {"kty": "EC", "crv": "P-521"}, {"kty": "RSA", "use": "enc"}, {"kty": "AKP"},
        {}, 1, null, weak, with(&good, "alg", json!("ES512")), good,
    ], "more": "members"});
    let read = JwkSet::parse(&serde_json::to_vec(&set).unwrap()).unwrap();
    assert_eq!(read.keys, [Jwk::try_from(good).unwrap()]);
}

#[test]
fn a_set_of_keys_is_an_index() {
    let keys = Algorithm::ALL.map(|algorithm| SigningKey::generate(algorithm).unwrap());
    let set: KeySet = keys.iter().map(|key| key.verifying_key().unwrap()).collect();
    assert_eq!((set.len(), set.is_empty(), KeySet::default().is_empty()), (3, false, true));
    for key in &keys {
        assert_eq!(set.get(key.key_id()).unwrap().algorithm(), key.algorithm());
    }
    assert!(set.get("").is_none());
}

#[test]
fn nothing_secret_is_shown() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        assert_eq!(format!("{key:?}"), format!("SigningKey({algorithm} {})", key.key_id()));
        let token = key.sign("at+jwt", b"{\"sub\":\"ann\"}").unwrap();
        let shown = format!("{:?}", Unverified::parse(&token).unwrap());
        for part in token.split('.') {
            assert!(!shown.contains(part), "{shown}");
        }
    }
}

#[test]
fn keys_are_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<SigningKey>();
    shared::<VerifyingKey>();
    shared::<KeySet>();
}

#[test]
fn algorithms_are_named_as_in_the_registry() {
    for (algorithm, name) in Algorithm::ALL.into_iter().zip(["ES256", "EdDSA", "RS256"]) {
        assert_eq!((algorithm.as_str(), algorithm.to_string().as_str()), (name, name));
        assert_eq!(name.parse(), Ok(algorithm));
        assert_eq!(serde_json::to_value(algorithm).unwrap(), name);
        assert_eq!(serde_json::from_value::<Algorithm>(name.into()).unwrap(), algorithm);
    }
    for name in ["none", "None", "es256", "HS256", "PS256", "ES256 ", ""] {
        assert!(name.parse::<Algorithm>().is_err(), "{name}");
    }
}
