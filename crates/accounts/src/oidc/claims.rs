//! What the provider says about somebody.

use openidconnect::core::CoreGenderClaim;
use openidconnect::{AdditionalClaims, IdTokenClaims};
use serde::{Deserialize, Serialize};

/// What the provider says about somebody.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) preferred_username: Option<String>,
    pub(super) email: Option<String>,
    pub(super) email_verified: bool,
    pub(super) name: String,
    pub(super) groups: Vec<String>,
}

/// The claims that OpenID Connect itself does not know.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MoreClaims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) groups: Option<serde_json::Value>,
}

impl AdditionalClaims for MoreClaims {}

/// Claims whose signature was checked.
pub(super) type Verified = IdTokenClaims<MoreClaims, CoreGenderClaim>;

impl Claims {
    pub(super) fn of(said: &Verified) -> Claims {
        let text = |claim: Option<&str>| claim.map(str::to_owned);
        let name = said.name().and_then(|names| names.get(None));
        Claims {
            preferred_username: text(said.preferred_username().map(|name| name.as_str())),
            email: text(said.email().map(|email| email.as_str())),
            email_verified: said.email_verified() == Some(true),
            name: name.map(|name| name.as_str().to_owned()).unwrap_or_default(),
            groups: group_names(said.additional_claims().groups.as_ref()),
        }
    }
}

/// Returns the names of groups: several, or one alone. Some write a `/` before each, for the root of
/// their tree.
pub(super) fn group_names(claim: Option<&serde_json::Value>) -> Vec<String> {
    let alone = claim.map(std::slice::from_ref).unwrap_or_default();
    let all = claim.and_then(|claim| claim.as_array()).map_or(alone, Vec::as_slice);
    let names = all.iter().filter_map(|name| name.as_str());
    names.map(|name| name.strip_prefix('/').unwrap_or(name).to_owned()).collect()
}
