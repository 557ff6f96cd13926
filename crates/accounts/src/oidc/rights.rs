//! What the groups of a provider mean here.

/// What the groups of a provider mean here. A group that is not named means nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderGroups {
    /// Who is in one of them is a superuser.
    pub superuser: Vec<String>,
    /// Who is in one of them is refused, whatever else it is in.
    pub denied: Vec<String>,
    /// Groups of the provider, each with the group here that it means.
    pub groups: Vec<(String, String)>,
}

/// What somebody may do here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) groups: Vec<String>,
    pub(super) is_superuser: bool,
}

impl ProviderGroups {
    /// Returns what somebody may do who is in these groups at the provider; none if it is refused.
    pub(super) fn rights(&self, said: &[String]) -> Option<Rights> {
        let is_in = |group: &String| said.contains(group);
        if self.denied.iter().any(is_in) {
            return None;
        }
        let meant = self.groups.iter().filter(|(theirs, _)| is_in(theirs));
        Some(Rights {
            groups: meant.map(|(_, ours)| ours.clone()).collect(),
            is_superuser: self.superuser.iter().any(is_in),
        })
    }
}
