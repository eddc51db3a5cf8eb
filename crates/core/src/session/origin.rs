//! Where a login came from, as far as it can be told.

use std::net::IpAddr;

use serde::Serialize;

/// Where a login came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The address of the peer, or the one that a trusted proxy named.
    pub address: Option<IpAddr>,
    /// The `User-Agent` header, cut to [`Origin::MAX_USER_AGENT`] bytes.
    pub user_agent: Option<Box<str>>,
}

impl Origin {
    /// The most bytes kept of a `User-Agent`.
    pub const MAX_USER_AGENT: usize = 256;

    /// Takes address and header in, the header bounded and without control characters.
    #[must_use]
    pub fn new(address: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let user_agent = user_agent.map(|text| {
            let end =
                (0..=Self::MAX_USER_AGENT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
            let cut = text.get(..end.unwrap_or(0)).unwrap_or_default();
            cut.chars().filter(|c| !c.is_control()).collect::<String>().into_boxed_str()
        });
        Self { address, user_agent: user_agent.filter(|text| !text.is_empty()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_bounded_and_clean() {
        let origin = Origin::new(None, Some(&format!("a\u{1b}[31m{}", "é".repeat(400))));
        let text = origin.user_agent.unwrap();
        assert!(text.len() <= Origin::MAX_USER_AGENT && text.starts_with("a[31mé"));
        assert_eq!(Origin::new(None, Some("")).user_agent, None);
    }
}
