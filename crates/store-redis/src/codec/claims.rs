//! Claims made short: fragments that nearly all of them have are replaced by one control byte each.
//!
//! JSON has no control characters but white space between its parts, and what signs claims writes none, so that a control
//! byte can stand for a fragment and for nothing else. A text that has one all the same is stored as it is.

use counterfoil_core::token::TokenRecord;

use super::{DecodeError, Result};

/// How many fragments there can be: the control bytes but 0.
const MOST: usize = 31;

/// The fragments of one token's claims, by their bytes less one. What the record tells apart from the claims is among them.
pub(super) struct Fragments(Vec<String>);

impl Fragments {
    /// The table belongs to the version of the record: another order, or another fragment, is another version.
    pub(super) fn new(token: &TokenRecord) -> Self {
        let TokenRecord { id, session, user, client, issued_at, expires_at, .. } = token;
        let (issued, expires) = (issued_at.seconds(), expires_at.seconds());
        let begun = session.created_at().seconds();
        let fragments = vec![
            // The longest first: where two fit, the first is taken.
            format!(
                "\",\"client_id\":\"{client}\",\"iat\":{issued},\"exp\":{expires},\"jti\":\"{id}\",\"sid\":\"{session}\",\
                 \"auth_time\":{begun},\"amr\":[\"pwd\"],\"acr\":\"aal1\",\"gen\":"
            ),
            format!(
                "\"client_id\":\"{client}\",\"iat\":{issued},\"exp\":{expires},\"jti\":\"{id}\",\"sid\":\"{session}\",\
                 \"auth_time\":"
            ),
            format!("\",\"sub\":\"{user}\",\"aud\":\""),
            format!("\"sub\":\"{user}\",\"aud\":["),
            "\"amr\":[\"pwd\"],\"acr\":\"aal1\",\"gen\":".to_owned(),
            format!("\"client_id\":\"{client}\""),
            "{\"iss\":\"https://".to_owned(),
            "{\"iss\":\"".to_owned(),
            user.to_string(),
            session.to_string(),
            id.to_string(),
            begun.to_string(),
            issued.to_string(),
            expires.to_string(),
            "\"amr\":[\"pwd\"]".to_owned(),
            "\"acr\":\"aal1\"".to_owned(),
            "\"auth_time\":".to_owned(),
            "\"scope\":\"".to_owned(),
            "\"name\":\"".to_owned(),
            "\"email\":\"".to_owned(),
            "\"email_verified\":".to_owned(),
            "\"preferred_username\":\"".to_owned(),
            "\"roles\":[\"".to_owned(),
            "\"groups\":[\"".to_owned(),
            "\"tenant\":\"".to_owned(),
            "https://".to_owned(),
            "\",\"".to_owned(),
            "\":\"".to_owned(),
            "true".to_owned(),
            "false".to_owned(),
            "},\"".to_owned(),
        ];
        debug_assert_eq!(fragments.len(), MOST);
        Self(fragments)
    }

    /// The text with its fragments replaced; `None` if it has control bytes of its own.
    pub(super) fn pack(&self, text: &str) -> Option<Vec<u8>> {
        let mut rest = text.as_bytes();
        let mut packed = Vec::with_capacity(rest.len());
        while let Some((first, after)) = rest.split_first() {
            if *first < 0x20 {
                return None;
            }
            let mut fitting = (1_u8..).zip(&self.0);
            let fragment = fitting
                .find_map(|(byte, fragment)| rest.strip_prefix(fragment.as_bytes()).map(|rest| (byte, rest)));
            let (byte, left) = fragment.unwrap_or((*first, after));
            packed.push(byte);
            rest = left;
        }
        Some(packed)
    }

    /// The text that was packed.
    pub(super) fn unpack(&self, packed: &[u8]) -> Result<Vec<u8>> {
        let mut text = Vec::with_capacity(packed.len() * 3);
        for byte in packed {
            if *byte < 0x20 {
                let fragment = usize::from(*byte).checked_sub(1).and_then(|number| self.0.get(number));
                text.extend_from_slice(fragment.ok_or(DecodeError::Corrupt("a fragment"))?.as_bytes());
            } else {
                text.push(*byte);
            }
        }
        Ok(text)
    }
}
