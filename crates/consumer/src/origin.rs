//! From which pages a WebSocket may be opened.

#[cfg(test)]
mod tests;

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// From which pages a WebSocket may be opened.
///
/// A browser opens WebSockets for any page, with the user's cookies, and says which page it is: so that
/// a page of somebody else's could use a user's session. Who sends no `Origin` is no browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins {
    rule: Rule,
    is_required: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Rule {
    #[default]
    SameHost,
    These(Vec<String>),
    Any,
}

impl AllowedOrigins {
    /// Allows pages of the host that the request is for, port included. The default.
    pub fn same_host() -> AllowedOrigins {
        AllowedOrigins::default()
    }

    /// Allows these: each `https://example.com`, with scheme and perhaps port, or `example.com` for any
    /// scheme and port, or `.example.com` for that and all hosts below it.
    pub fn these<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> AllowedOrigins {
        let origins = origins.into_iter().map(|origin| origin.into().to_ascii_lowercase());
        AllowedOrigins { rule: Rule::These(origins.collect()), is_required: false }
    }

    /// Allows all pages there are: for WebSockets that mean nothing to a user's session.
    pub fn any() -> AllowedOrigins {
        AllowedOrigins { rule: Rule::Any, is_required: false }
    }

    /// Refuses those without an `Origin` too.
    #[must_use]
    pub fn required(self) -> AllowedOrigins {
        AllowedOrigins { is_required: true, ..self }
    }

    pub(crate) fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return !self.is_required };
        let Ok(origin) = origin.to_str() else { return false };
        let origin = origin.to_ascii_lowercase();
        match &self.rule {
            Rule::Any => true,
            Rule::These(allowed) => allowed.iter().any(|allowed| is_allowed(allowed, &origin)),
            Rule::SameHost => {
                let host = headers.get(HOST).and_then(|host| host.to_str().ok());
                host.is_some_and(|host| is_same_host(&origin, &host.to_ascii_lowercase()))
            }
        }
    }
}

/// Returns whether an origin is of a host. A port that the origin's scheme has anyway may be left out.
fn is_same_host(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let usual_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    let without =
        |authority: &'_ str| authority.strip_suffix(usual_port).unwrap_or(authority).to_owned();
    !authority.is_empty() && without(authority) == without(host)
}

fn is_allowed(allowed: &str, origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    if let Some((allowed_scheme, allowed_authority)) = allowed.split_once("://") {
        let host = allowed_authority.trim_end_matches('/');
        return scheme == allowed_scheme && is_same_host(origin, host);
    }
    // The last colon of `[::1]` separates no port.
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    match allowed.strip_prefix('.') {
        Some(parent) => host == parent || host.ends_with(allowed),
        None => host == allowed,
    }
}
