//! The provider of OpenID Connect, under the original's names where it has one.

use super::{AUTH_METHOD, Secret, SettingsError};
use crate::app::{READONLY, READWRITE};
use campanile_accounts::{OidcSettings, ProviderGroups, UsernameClaim, is_protected_url};
use campanile_environment::Environment;
use std::fmt;

pub(super) const ISSUER: &str = "OIDC_OP_ISSUER";
pub(super) const CLIENT_ID: &str = "OIDC_RP_CLIENT_ID";
pub(super) const CLIENT_SECRET: &str = "OIDC_RP_CLIENT_SECRET";
pub(super) const SCOPES: &str = "OIDC_RP_SCOPES";
pub(super) const USERNAME: &str = "SCRAM_OIDC_USERNAME";
pub(super) const PUBLIC_URL: &str = "SCRAM_PUBLIC_URL";

/// By whom people are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oidc {
    /// The provider, as it calls itself.
    pub issuer: String,
    /// By what name it knows this server.
    pub client_id: String,
    /// What proves that; none for a client that has no secret.
    pub client_secret: Option<Secret>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Which claim is a user's name.
    pub username: UsernameClaim,
    /// Where browsers find this server.
    pub public_url: String,
}

impl Oidc {
    pub(super) fn read(environment: &Environment<'_>) -> Result<Oidc, SettingsError> {
        let value = |name| environment.value(name);
        let scopes = value(SCOPES).text();
        let scopes = scopes.split_whitespace().filter(|scope| *scope != "openid");
        Ok(Oidc {
            issuer: needed(environment, ISSUER, is_protected_url)?,
            client_id: needed(environment, CLIENT_ID, |_| true)?,
            client_secret: value(CLIENT_SECRET).if_any().map(|secret| secret.secret()),
            scopes: scopes.map(str::to_owned).collect(),
            username: value(USERNAME).one_of(&[
                ("preferred_username", UsernameClaim::PreferredUsername),
                ("email", UsernameClaim::Email),
            ])?,
            public_url: needed(environment, PUBLIC_URL, is_protected_url)?,
        })
    }

    /// Returns it as the accounts have it. The groups are the original's.
    pub(crate) fn for_accounts(&self) -> OidcSettings {
        let meant = |theirs: &str, ours: &str| (theirs.to_owned(), ours.to_owned());
        OidcSettings {
            client_secret: self.client_secret.as_ref().map(|secret| secret.reveal().to_owned()),
            scopes: self.scopes.clone(),
            username: self.username,
            groups: ProviderGroups {
                superuser: vec!["svc_scram_admin".to_owned()],
                denied: vec!["svc_scram_denied".to_owned()],
                groups: vec![
                    meant("svc_scram_readwrite", READWRITE),
                    meant("svc_scram_readonly", READONLY),
                ],
            },
            ..OidcSettings::new(&self.issuer, &self.client_id, &self.public_url)
        }
    }
}

fn needed(
    environment: &Environment<'_>,
    name: &'static str,
    is_one: impl Fn(&str) -> bool,
) -> Result<String, SettingsError> {
    match environment.value(name).if_any() {
        Some(value) => value.such(is_one),
        None => Err(environment.value(name).because(&NotSet(name))),
    }
}

struct NotSet(&'static str);

impl fmt::Display for NotSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{AUTH_METHOD}=oidc needs {}: it is not set.", self.0)
    }
}
