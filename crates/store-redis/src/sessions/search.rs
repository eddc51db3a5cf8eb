//! Which records words match.

use counterfoil_core::UserId;
use counterfoil_core::port::SearchText;
use counterfoil_core::session::Origin;

pub(super) struct Search<'a>(Option<(&'a [UserId], String)>);

impl<'a> Search<'a> {
    pub(super) fn new(search: Option<&'a SearchText>) -> Self {
        Self(search.map(|search| (search.users.as_slice(), search.text.to_lowercase())))
    }

    pub(super) fn matches(&self, user: UserId, origin: &Origin) -> bool {
        let Some((users, text)) = &self.0 else { return true };
        users.contains(&user)
            || origin.address.is_some_and(|address| address.to_string().starts_with(text))
            || origin.user_agent.as_ref().is_some_and(|agent| agent.to_lowercase().contains(text))
    }
}
