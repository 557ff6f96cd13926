//! The proxies that people put in front, how they show themselves, and what they want to be told.

use super::line::Head;

/// A kind of proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    Nginx,
    Haproxy,
    Apache,
    Traefik,
    Caddy,
    Alb,
    Cloudflare,
    Envoy,
}

use Proxy::{Alb, Apache, Caddy, Cloudflare, Envoy, Haproxy, Nginx, Traefik};

impl Proxy {
    const ALL: [Proxy; 8] = [Nginx, Haproxy, Apache, Traefik, Caddy, Alb, Cloudflare, Envoy];

    /// Returns who answered, as far as the headers `Server` and `Via` tell.
    pub(super) fn of(head: &Head) -> Option<Proxy> {
        let names = [head.header("server"), head.header("via")];
        let names = names.into_iter().flatten().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        Self::ALL.into_iter().find(|proxy| names.contains(proxy.mark()))
    }

    /// What its name contains in `Server` or `Via`. HAProxy and Traefik rarely give one.
    fn mark(self) -> &'static str {
        match self {
            Nginx => "nginx",
            Haproxy => "haproxy",
            Apache => "apache",
            Traefik => "traefik",
            Caddy => "caddy",
            Alb => "awselb",
            Cloudflare => "cloudflare",
            Envoy => "envoy",
        }
    }

    /// How it is made to keep a quiet connection.
    fn for_idle(self) -> &'static str {
        match self {
            Nginx => "nginx: proxy_read_timeout 1h; proxy_send_timeout 1h; (60 s by default)",
            Haproxy => "HAProxy: timeout tunnel 1h (without it, timeout client and server hold)",
            Apache => {
                "Apache: ProxyTimeout 3600 or ProxyPass … timeout=3600, and mod_reqtimeout off here"
            }
            Traefik => {
                "Traefik: entryPoints.NAME.transport.respondingTimeouts.idleTimeout and readTimeout"
            }
            Caddy => {
                "Caddy: reverse_proxy has no limit of its own; see stream_timeout if you set it"
            }
            Alb => "AWS ALB: the attribute idle_timeout.timeout_seconds (60 by default, to 4000)",
            Cloudflare => "Cloudflare: 100 s, fixed but for Enterprise: only traffic helps",
            Envoy => "Envoy: the route's idle_timeout, or stream_idle_timeout (5 min by default)",
        }
    }

    /// How it is made to pass the upgrade.
    fn for_upgrade(self) -> &'static str {
        match self {
            Nginx => {
                "nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                 proxy_set_header Connection \"upgrade\";"
            }
            Haproxy => "HAProxy: mode http passes it; remove rules that delete Upgrade",
            Apache => "Apache: ProxyPass … ws://… upgrade=websocket, with mod_proxy_wstunnel",
            Traefik => "Traefik: passes it; look for a middleware that removes headers",
            Caddy => "Caddy: reverse_proxy passes it; look for header_up rules",
            Alb => "AWS ALB: passes it over HTTP/1.1 target groups only",
            Cloudflare => "Cloudflare: Network > WebSockets must be on",
            Envoy => "Envoy: upgrade_configs: [{upgrade_type: websocket}]",
        }
    }
}

/// Returns what to set so that a quiet connection lives: for the proxy that is there, or for each.
pub(super) fn advice_for_idle(proxy: Option<Proxy>) -> String {
    advice(proxy, Proxy::for_idle)
}

/// Returns what to set so that the upgrade passes: for the proxy that is there, or for each.
pub(super) fn advice_for_upgrade(proxy: Option<Proxy>) -> String {
    advice(proxy, Proxy::for_upgrade)
}

fn advice(proxy: Option<Proxy>, of: fn(Proxy) -> &'static str) -> String {
    let proxies = proxy.map_or(Proxy::ALL.to_vec(), |proxy| vec![proxy]);
    proxies.into_iter().map(of).collect::<Vec<_>>().join("\n")
}
