//! What the provider says about itself: where its places are, and its keys.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openidconnect::IssuerUrl;
use openidconnect::core::CoreProviderMetadata;
use tokio::sync::Mutex;

use super::OidcSettings;
use super::failure::log;
use super::http::Http;

/// What the provider says about itself, asked for when it is needed.
pub(super) struct Description {
    issuer: IssuerUrl,
    keys_for: Duration,
    keys_again_after: Duration,
    /// Held while the provider is asked: many who come at once ask once.
    known: Mutex<Option<Known>>,
}

/// What it said; none if it failed to.
struct Known {
    said: Option<Arc<CoreProviderMetadata>>,
    at: Instant,
}

/// It has failed, as the log says.
pub(super) struct Failed;

impl Description {
    pub(super) fn new(issuer: IssuerUrl, settings: &OidcSettings) -> Description {
        let OidcSettings { keys_for, keys_again_after, .. } = *settings;
        Description { issuer, keys_for, keys_again_after, known: Mutex::default() }
    }

    /// Returns what the provider says about itself, and asks it if that is long ago.
    pub(super) async fn current(&self, http: &Http) -> Result<Arc<CoreProviderMetadata>, Failed> {
        let mut known = self.known.lock().await;
        let valid_for = |known: &Known| match known.said {
            Some(_) => self.keys_for,
            None => self.keys_again_after,
        };
        match &*known {
            Some(known) if known.at.elapsed() < valid_for(known) => known.said(),
            _ => known.insert(self.ask(http).await).said(),
        }
    }

    /// Asks again, unless somebody else just did: strangers' tokens are not to flood the provider.
    pub(super) async fn anew(
        &self,
        http: &Http,
        before: &Arc<CoreProviderMetadata>,
    ) -> Result<Arc<CoreProviderMetadata>, Failed> {
        let mut known = self.known.lock().await;
        let is_other = |said: &Arc<_>| !Arc::ptr_eq(said, before);
        match &*known {
            Some(known)
                if known.at.elapsed() < self.keys_again_after
                    || known.said.as_ref().is_some_and(is_other) =>
            {
                known.said()
            }
            _ => known.insert(self.ask(http).await).said(),
        }
    }

    async fn ask(&self, http: &Http) -> Known {
        let said = CoreProviderMetadata::discover_async(self.issuer.clone(), http).await;
        let said = said.inspect_err(|error| log(&self.issuer, error)).ok().map(Arc::new);
        Known { said, at: Instant::now() }
    }
}

impl Known {
    fn said(&self) -> Result<Arc<CoreProviderMetadata>, Failed> {
        self.said.clone().ok_or(Failed)
    }
}
