//! Agreement with an independent implementation, `jsonwebtoken`, both ways.

#![expect(clippy::unwrap_used, reason = "a failed assertion is a panic")]

use counterfoil_jose::{Algorithm, KeySet, SigningKey, VerifyError};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

const TYP: &str = "at+jwt";

fn theirs(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    algorithm.as_str().parse().unwrap()
}

fn encoding_key(key: &SigningKey) -> EncodingKey {
    let der = key.to_pkcs8().unwrap();
    match key.algorithm() {
        Algorithm::Es256 => EncodingKey::from_ec_der(&der),
        Algorithm::EdDsa => EncodingKey::from_ed_der(&der),
        Algorithm::Rs256 => {
            // It takes PKCS #1, which PKCS #8 holds in an octet string behind 26 octets.
            let (around, inner) = der.split_at(26);
            assert_eq!((around.get(22..24), inner.first()), (Some([0x04, 0x82].as_ref()), Some(&0x30)));
            EncodingKey::from_rsa_der(inner)
        }
    }
}

fn header(algorithm: jsonwebtoken::Algorithm, kid: &str) -> Header {
    Header { kid: Some(kid.to_owned()), typ: Some(TYP.to_owned()), ..Header::new(algorithm) }
}

#[test]
fn it_reads_our_tokens() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let jwk: jsonwebtoken::jwk::Jwk =
            serde_json::from_value(serde_json::to_value(key.jwk()).unwrap()).unwrap();
        let mut validation = Validation::new(theirs(algorithm));
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        let token = key.sign(TYP, b"{\"n\":7}").unwrap();
        let read = jsonwebtoken::decode::<Value>(&token, &DecodingKey::from_jwk(&jwk).unwrap(), &validation)
            .unwrap();
        assert_eq!(read.claims, json!({"n": 7}));
        assert_eq!((read.header.kid.as_deref(), read.header.typ.as_deref()), (Some(key.key_id()), Some(TYP)));
        assert_eq!(jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap(), key.key_id());
    }
}

#[test]
fn we_read_its_tokens() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let keys = KeySet::new([key.verifying_key().unwrap()]);
        let header = header(theirs(algorithm), key.key_id());
        let token = jsonwebtoken::encode(&header, &json!({"n": 8}), &encoding_key(&key)).unwrap();
        assert_eq!(keys.verify(&token, TYP).unwrap(), b"{\"n\":8}", "{algorithm}");
    }
}

#[test]
fn a_public_key_used_as_an_hmac_secret_is_of_no_use() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let keys = KeySet::new([key.verifying_key().unwrap()]);
        let secret = EncodingKey::from_secret(&serde_json::to_vec(key.jwk()).unwrap());
        let header = header(jsonwebtoken::Algorithm::HS256, key.key_id());
        let forged = jsonwebtoken::encode(&header, &json!({}), &secret).unwrap();
        assert_eq!(keys.verify(&forged, TYP), Err(VerifyError::AlgorithmMismatch));
    }
}
