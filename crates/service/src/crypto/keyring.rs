//! Keys derived from the master key with HKDF-SHA256 (RFC 5869), one for each purpose, and what is done with them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac};
use counterfoil_core::Digest;
use counterfoil_core::credential::Mac;

use super::MasterKey;
use crate::Error;

/// The derived keys.
pub(crate) struct Keyring {
    credentials: hmac::Key,
    sealing: RandomizedNonceKey,
    check: Digest,
}

/// AES-GCM's nonce.
const NONCE_BYTES: usize = 12;

impl Keyring {
    pub(crate) fn derive(master: &MasterKey) -> Result<Self, Error> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"counterfoil");
        let secret = salt.extract(master.expose());
        let derive = |purpose: &'static [u8]| -> Result<[u8; 32], Error> {
            let mut key = [0; 32];
            let info = [purpose];
            let output = secret.expand(&info, hkdf::HKDF_SHA256).map_err(|_| Error::MasterKey)?;
            output.fill(&mut key).map_err(|_| Error::MasterKey)?;
            Ok(key)
        };
        Ok(Self {
            credentials: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"credentials v1")?),
            sealing: RandomizedNonceKey::new(&AES_256_GCM, &derive(b"sealed signing keys v1")?)
                .map_err(|_| Error::MasterKey)?,
            check: Digest::new(derive(b"master key check v1")?),
        })
    }

    /// What an installation stores to notice another master key.
    pub(crate) fn check(&self) -> Digest {
        self.check
    }

    /// Encrypts a private key, bound to its name.
    pub(crate) fn seal(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, Error> {
        let mut sealed = secret.to_vec();
        let nonce = self
            .sealing
            .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut sealed)
            .map_err(|_| Error::MasterKey)?;
        sealed.splice(0..0, nonce.as_ref().iter().copied());
        Ok(sealed)
    }

    /// Decrypts what [`Self::seal`] made for the same name.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Error::MasterKey)?;
        let mut buffer = zeroize::Zeroizing::new(rest.to_vec());
        let length = self
            .sealing
            .open_in_place(nonce.into(), Aad::from(name.as_bytes()), &mut buffer)
            .map_err(|_| Error::MasterKey)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

impl Mac for Keyring {
    fn tag(&self, prefix: &str, body: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.credentials);
        // Prefixes are of one length, so that no prefix and body can be taken for another pair.
        context.update(prefix.as_bytes());
        context.update(body);
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(byte: u8) -> Keyring {
        let text = MasterKey::from_base64(&{
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode([byte; 32])
        });
        Keyring::derive(&text.unwrap()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_name_only() {
        let ring = keyring(1);
        let sealed = ring.seal("kid", b"private").unwrap();
        assert_eq!(ring.open("kid", &sealed).unwrap().as_slice(), b"private");
        assert!(ring.open("other", &sealed).is_err());
        assert!(keyring(2).open("kid", &sealed).is_err());
        assert!(ring.open("kid", &sealed[..10]).is_err());
        let mut flipped = sealed;
        *flipped.last_mut().unwrap() ^= 1;
        assert!(ring.open("kid", &flipped).is_err());
    }

    #[test]
    fn another_master_key_makes_other_tags() {
        assert_ne!(keyring(1).tag("cfs_", b"x"), keyring(2).tag("cfs_", b"x"));
        assert_ne!(keyring(1).tag("cfs_", b"x"), keyring(1).tag("cfr_", b"x"));
        assert_ne!(keyring(1).check(), keyring(2).check());
    }
}
