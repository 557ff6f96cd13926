//! Every setting, once: its place, type, default, range and meaning. The structs, the parser, the names
//! in the environment, `default-config` and `check-config` are all made from this table.

use super::given::{Fault, Given};
use super::headers::HeaderSources;
use super::kinds::{
    BackendUrl, Dialect, ExchangeName, HookPath, LogFilter, LogFormat, Origins, Secrets,
    TriggerMatch, Unaware, UrlPath,
};
use super::networks::{AddressHeader, Networks};
use super::slow::SlowRooms;
use super::value::Value;
use campanile_broker::BrokerUrl;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// One setting of the table.
pub struct Key {
    /// The table of the file that it stands in, as `public`.
    pub section: &'static str,
    /// Its name there, as `listen`.
    pub name: &'static str,
    /// What it means, in lines.
    pub doc: &'static [&'static str],
    /// Its default, as TOML.
    pub default: &'static str,
    /// A value to show where the default is none, as TOML.
    pub example: Option<&'static str>,
    /// Whether a variable's text is the value as it stands, rather than TOML.
    pub is_text: bool,
    /// Whether it is a secret, which may also be read from a file.
    pub is_secret: bool,
    /// Whether a change takes effect without a restart.
    pub is_live: bool,
    pub(super) is_same: fn(&Config, &Config) -> bool,
    pub(super) copy: fn(&Config, &mut Config),
    pub(super) set: fn(&mut Config, &Given) -> Result<(), Fault>,
    pub(super) show: fn(&Config) -> String,
}

impl Key {
    /// Returns the name of the variable that sets it, as `CAMPANILE_PUBLIC_LISTEN`.
    pub fn variable(&self) -> String {
        format!("CAMPANILE_{}_{}", self.section, self.name).to_ascii_uppercase()
    }

    /// Returns its value in a configuration, as TOML; secrets are masked.
    pub fn shown(&self, config: &Config) -> String {
        (self.show)(config)
    }

    /// Returns its full name, as `public.listen`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }
}

/// One table of the file.
pub struct Section {
    /// Its name, as `public`.
    pub name: &'static str,
    /// What its settings are about, in lines.
    pub doc: &'static [&'static str],
    /// Its settings.
    pub keys: &'static [Key],
}

macro_rules! sections {
    ($(
        $(#[doc = $about:literal])*
        $section:ident: $Section:ident {$(
            $(#[doc = $doc:literal])*
            $field:ident $name:literal: $type:ty = $default:tt
                $(in $least:literal ..= $most:literal)? $(example $example:tt)? $(is $secret:ident)?
                $(, $live:ident)?;
        )*}
    )*) => {
        /// The whole configuration, every value with its meaning.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Config {$(
            $(#[doc = $about])*
            pub $section: $Section,
        )*}

        $(
            $(#[doc = $about])*
            #[derive(Clone, Debug, PartialEq)]
            pub struct $Section {$(
                $(#[doc = $doc])*
                pub $field: $type,
            )*}
        )*

        /// The table of all settings, in the order of `default-config`.
        pub static SECTIONS: &[Section] = &[$(Section {
            name: stringify!($section),
            doc: &[$($about),*],
            keys: &[$(Key {
                section: stringify!($section),
                name: $name,
                doc: &[$($doc),*],
                default: stringify!($default),
                example: only(&[$(stringify!($example))?]),
                is_text: <$type as Value>::IS_TEXT,
                is_secret: only(&[$(stringify!($secret))?]).is_some(),
                is_live: only(&[$(stringify!($live))?]).is_some(),
                is_same: |one, other| one.$section.$field == other.$section.$field,
                copy: |from, to| to.$section.$field.clone_from(&from.$section.$field),
                set: |config, given| {
                    let value = <$type as Value>::read(given)?;
                    $(within(&value, given, $least, $most)?;)?
                    config.$section.$field = value;
                    Ok(())
                },
                show: |config| config.$section.$field.show(),
            }),*],
        }),*];

        impl Default for Config {
            fn default() -> Config {
                Config {$(
                    $section: $Section {$($field: default_of(stringify!($default)),)*},
                )*}
            }
        }
    };
}

/// Returns the one entry of what a macro's optional part became.
const fn only(list: &[&'static str]) -> Option<&'static str> {
    if list.is_empty() { None } else { Some(list[0]) }
}

fn default_of<T: Value>(text: &str) -> T {
    T::read(&Given::from_plain(text)).expect("every default of the table is a value of its type")
}

fn within(value: &impl Value, given: &Given, least: u64, most: u64) -> Result<(), Fault> {
    #[expect(clippy::cast_precision_loss, reason = "no range comes near 2^52")]
    let (from, to) = (least as f64, most as f64);
    match value.measure() {
        Some(number) if number < from || number > to => {
            Err(given.is_not(&format!("from {least} to {most}")))
        }
        _ => Ok(()),
    }
}

sections! {
    /// The listener that browsers reach.
    public: Public {
        /// Address and port.
        listen "listen": SocketAddr = "127.0.0.1:8000";
        /// Its certificate, with those of the authorities between, in a PEM file: with it, the listener
        /// speaks TLS (1.2 and 1.3). The file is read again when it changes.
        certificate "certificate": Option<PathBuf> = "" example "/etc/letsencrypt/live/app.example/fullchain.pem", live;
        /// The certificate's private key, in a PEM file.
        private_key "private_key": Option<PathBuf> = "" example "/etc/letsencrypt/live/app.example/privkey.pem", live;
        /// Networks of the proxies before this listener, as ["10.0.0.0/8", "192.0.2.7"]. Only they are
        /// believed where a client is, for limits, the log, and the X-Real-IP that the backend gets.
        /// With an empty list the backend gets X-Real-IP as the client sent it.
        trusted_proxies "trusted_proxies": Networks = [], live;
        /// The header in which they say so: "x-real-ip", "x-forwarded-for" or "forwarded". Only this one
        /// is read, since a proxy may pass on the others as the client sent them.
        address_header "address_header": AddressHeader = "x-real-ip", live;
        /// Whether they begin each connection with a header of the PROXY protocol, version 1 or 2.
        proxy_protocol "proxy_protocol": bool = false, live;
        /// Path of the WebSocket; it is served without the final slash too.
        path "path": UrlPath = "/ws/", live;
        /// Origins whose pages may connect, as `["https://app.example"]`. An empty list allows every
        /// page, with its visitor's cookies.
        allowed_origins "allowed_origins": Origins = [], live;
        /// Whether to agree to permessage-deflate when a client offers it.
        compression "compression": bool = true, live;
        /// Which high-templar to speak like: 3 or "2.5".
        dialect "dialect": Dialect = 3;
    }

    /// The listener for the backend and for operators: triggers, metrics, readiness.
    internal: Internal {
        /// Address and port. On anything but loopback a key is required.
        listen "listen": SocketAddr = "127.0.0.1:8002";
        /// The secret that callers send as "Authorization: Bearer KEY". None on loopback if you like.
        /// Several, as ["new", "old"], are all taken, so that one can be replaced.
        /// CAMPANILE_INTERNAL_KEY_FILE names a file to read them from, each in a line.
        keys "key": Secrets = "" example "change-me" is secret, live;
        /// Most connections; further ones are refused (503). A file is kept for each.
        connections_max "connections_max": usize = 256 in 8 ..= 65536;
        /// Its certificate, with those of the authorities between, in a PEM file: with it, the listener
        /// speaks TLS (1.2 and 1.3). The file is read again when it changes.
        certificate "certificate": Option<PathBuf> = "" example "/etc/campanile/fullchain.pem", live;
        /// The certificate's private key, in a PEM file.
        private_key "private_key": Option<PathBuf> = "" example "/etc/campanile/privkey.pem", live;
    }

    /// The HTTP application that says who may hear what.
    backend: Backend {
        /// Its URL; "bootstrap/" and the paths of the hooks are put behind it.
        url "url": Option<BackendUrl> = "" example "http://127.0.0.1:8080/api/", live;
        /// A unix socket to reach it by. The URL, which is http:// then, still gives path and Host.
        socket "socket": Option<PathBuf> = "" example "/run/app/http.sock", live;
        /// Longest time for a request, redirects and answer included, in seconds.
        timeout "timeout_s": Duration = 30 in 0 ..= 3600, live;
        /// Longest time for connecting, in seconds.
        connect_timeout "connect_timeout_s": Duration = 5 in 0 ..= 3600, live;
        /// Longest answer that is read, in bytes; a longer one is no permission.
        response_bytes_max "response_bytes_max": usize = 2097152 in 1024 ..= 1073741824, live;
        /// Most bootstraps asked at the same time.
        bootstraps_max "bootstraps_max": usize = 128 in 1 ..= 65536, live;
        /// Most connections waiting for their turn to be asked for; further ones are refused (503).
        bootstraps_waiting_max "bootstraps_waiting_max": usize = 16384 in 0 ..= 1048576, live;
        /// Whether to keep the headers that a connection was asked for with, as long as it is open:
        /// they are needed to ask again. That takes as much memory as the client's cookies are long.
        remember_headers "remember_headers": bool = true, live;
        /// After which time to ask again what a connection may hear, in seconds, if the backend does not
        /// say so itself by "rooms_ttl"; spread a little. 0 for not before somebody wishes for it.
        revalidate_every "revalidate_every_s": Option<Duration> = 0 in 1 ..= 31536000;
        /// Most connections that are asked for again at the same time, of the bootstraps_max.
        revalidations_max "revalidations_max": usize = 64 in 1 ..= 65536;
        /// Longest time that a connection keeps its old rights when they were to be renewed and the
        /// backend fails, in seconds; then it is closed (1013).
        stale "stale_s": Duration = 300 in 1 ..= 86400;
        /// Further headers of its requests, each from a header, a query parameter or a cookie of the
        /// connecting client, or fixed; with a prefix if you like. Cookie, User-Agent, X-Real-IP,
        /// X-CSRFToken (from the cookie csrftoken) and Authorization (from the parameter token) are
        /// passed on anyway, unless they stand here.
        headers "headers": HeaderSources = {} example {
            X-Session-Token = { param = "session_token" },
            X-Tenant = { param = "tenant", prefix = "tenant/" },
            X-Device = { header = "X-Device-Id" },
            X-Lang = { cookie = "lang" },
            Referer = { fixed = "https://app.example/" }
        }, live;
    }

    /// What the backend is told of connections: an empty POST to a path behind its URL.
    hooks: Hooks {
        /// Path for a connection that was let in; none when absent.
        connect "connect": Option<HookPath> = "" example "user/notify_online/";
        /// Path for a client's ping; none when absent.
        ping "ping": Option<HookPath> = "" example "user/notify_online/";
        /// Path for the end of a connection; none when absent.
        disconnect "disconnect": Option<HookPath> = "" example "user/notify_offline/";
        /// Most of these requests at the same time.
        concurrent_max "concurrent_max": usize = 32 in 1 ..= 65536;
        /// Most connections with something to tell that waits. Beyond it connect and ping are left
        /// out and counted; disconnect never is.
        queue_max "queue_max": usize = 10000 in 1 ..= 10000000;
    }

    /// Triggers: what the backend sends into rooms.
    trigger: Trigger {
        /// What a "*" in a room of a trigger means, if it does not say by "match": "literal" is that
        /// very text; "pattern" is every value. With "pattern" a trigger for {"tenant":"*"} is heard
        /// by every tenant, which a backend made for binder does not expect.
        matching "match": TriggerMatch = "literal", live;
        /// Longest body, in bytes; a longer one is refused (413).
        bytes_max "bytes_max": usize = 1048576 in 64 ..= 1073741824, live;
        /// Most rooms of one trigger; one with more is refused (400).
        rooms_max "rooms_max": usize = 10000 in 1 ..= 1000000, live;
        /// Most rooms that one pattern is compared with; one that meets more is refused.
        pattern_rooms_max "pattern_rooms_max": usize = 100000 in 1 ..= 100000000;
        /// A trigger with an id (its key "id", or the header Idempotency-Key) is not published again
        /// when it comes a second time within so many seconds; 0 to forget ids at once.
        remember_ids "remember_ids_s": Duration = 300 in 0 ..= 86400, live;
        /// Most ids that are remembered; the oldest is forgotten first.
        ids_max "ids_max": usize = 100000 in 0 ..= 10000000, live;
    }

    /// What connects several gateways, and those backends that publish by a broker.
    broker: Broker {
        /// "amqp://" is RabbitMQ as high-templar uses it, "redis://" is Redis, "nats://" is NATS; the
        /// same with "amqps", "rediss" and "tls" is with TLS. None for a gateway alone.
        /// CAMPANILE_BROKER_URL_FILE names a file to read it from.
        url "url": Option<BrokerUrl> = "" example "amqp://guest:guest@127.0.0.1/" is secret;
        /// The certificate authorities that sign the broker's certificate, in a PEM file, to be trusted
        /// in place of those of this machine. It is read again for each connection.
        ca_file "ca_file": Option<PathBuf> = "" example "/etc/campanile/broker-ca.pem";
        /// The exchange of RabbitMQ, and what channels, streams and subjects begin with. Gateways and
        /// backends with the same one hear each other.
        exchange "exchange": ExchangeName = "hightemplar";
        /// Whether Redis keeps publications in a stream, so that nothing is lost while the connection
        /// is; otherwise it passes them on (pub/sub) to those who listen.
        streams "redis_streams": bool = false;
        /// About how many publications the stream keeps.
        stream_entries_max "stream_entries_max": usize = 100000 in 100 ..= 100000000;
        /// A broker that gives no sign of life for so many seconds is lost.
        silence "silence_s": Duration = 3 in 1 ..= 60;
        /// Longest time for the broker to confirm a publication, in seconds; then its trigger is
        /// answered 503.
        publish_within "publish_within_s": Duration = 3 in 1 ..= 60;
        /// Most publications that RabbitMQ sends ahead of those that were delivered.
        prefetch "prefetch": usize = 256 in 1 ..= 65535;
        /// Longest publication, in bytes; a longer one is skipped and counted.
        message_bytes_max "message_bytes_max": usize = 16777216 in 1024 ..= 1073741824;
        /// Most bytes that Redis pub/sub or NATS, which do not wait, may be ahead of the loops; with
        /// more the connection is given up, and clients are told that something may be missing.
        backlog_bytes_max "backlog_bytes_max": usize = 67108864 in 65536 ..= 1099511627776;
        /// What becomes of clients that cannot be told that something may be missing, since they do
        /// not speak campanile.v1: "close" closes them when the broker is back, so that they connect
        /// again and know; "keep" leaves them as they are.
        unaware "clients_without_gap": Unaware = "close", live;
    }

    /// What one client, and all of them together, may take.
    limits: Limits {
        /// A connection without a message from its client for so long is closed (1000), in seconds;
        /// 0 for never, which is the default with dialect "2.5", whose clients need not ping.
        inactivity "inactivity_s": Option<Duration> = 300 in 0 ..= 31536000;
        /// Most connections; further ones are refused (503). 0 for as many as the process may open
        /// files (ulimit -n), less some for itself.
        connections_max "connections_max": Option<usize> = 0 in 1 ..= 100000000, live;
        /// Most connections of one client address, with IPv6 of one /64; further ones are refused (503).
        /// 0 for no limit, as behind a proxy that is not among trusted_proxies: all come from
        /// its address.
        connections_per_address_max "connections_per_address_max": Option<usize> = 0 in 1 ..= 100000000, live;
        /// Most connections of one user, if the backend names users; further ones are refused (503).
        /// 0 for no limit.
        connections_per_user_max "connections_per_user_max": Option<usize> = 0 in 1 ..= 100000000;
        /// Longest message of a client, in bytes; a longer one closes its connection (1009).
        message_bytes_max "message_bytes_max": usize = 16777216 in 128 ..= 1073741824;
        /// Longest time from the first byte of a client's message to its last, in seconds; then its
        /// connection is closed (1008). 0 for no limit.
        message_within "message_within_s": Option<Duration> = 60 in 1 ..= 3600;
        /// Messages a second that a client may send for long; one that sends more is closed (1008).
        /// 0 for no limit.
        messages_per_s "messages_per_s": Option<usize> = 1000 in 1 ..= 100000000, live;
        /// Messages that a client may send at once before the rate counts.
        messages_burst "messages_burst": usize = 20000 in 1 ..= 100000000, live;
        /// Most subscriptions of one connection; a further subscribe is answered with an error.
        subscriptions_per_connection_max "subscriptions_per_connection_max": usize = 10000 in 1 ..= 10000000;
        /// Most rooms of one loop; a subscribe to a further one is answered with an error.
        rooms_max "rooms_max": usize = 1000000 in 1 ..= 100000000;
        /// Most bytes waiting for a client that reads slowly, behind the message on its way to it; with
        /// more it is closed (1013).
        outbox_bytes_max "outbox_bytes_max": usize = 4194304 in 1024 ..= 1073741824;
        /// Rooms whose deliveries need not all wait for such a client. A "*" stands for any value of its
        /// key, and the first that fits a room counts. With the policy "drop-oldest" the oldest
        /// deliveries give way when more than outbox_bytes_max wait; with "latest" only the newest of
        /// each subscription waits; with "close", as in all other rooms, none gives way. What is
        /// published to several rooms is kept as by the one that keeps most. Clients of campanile.v1
        /// are told how many deliveries they lost. At most 64.
        slow_rooms "slow_rooms": SlowRooms = [] example [
            { room = { zoo = "*", animal = "penguin" }, policy = "latest" },
            { room = { zoo = "*" }, policy = "drop-oldest" }
        ], live;
        /// Most publications waiting for a loop; further triggers are refused (429).
        mailbox_publications_max "mailbox_publications_max": usize = 65536 in 1 ..= 10000000;
        /// Most bytes of publications waiting for a loop; further triggers are refused (429).
        mailbox_bytes_max "mailbox_bytes_max": usize = 268435456 in 65536 ..= 1099511627776;
        /// Longest time for a client's request to come in, and before it for the TLS handshake and the
        /// header of a proxy, in seconds; then it is hung up on.
        handshake_timeout "handshake_timeout_s": Duration = 10 in 0 ..= 3600, live;
        /// Most TLS handshakes of the public listener that are not finished; a further connection is
        /// closed.
        tls_handshakes_max "tls_handshakes_max": usize = 4096 in 1 ..= 1048576, live;
        /// Longest head of a request, in bytes; a longer one is refused (431).
        header_bytes_max "header_bytes_max": usize = 16384 in 8192 ..= 1048576, live;
        /// Most headers of a request; one with more is refused (431).
        headers_max "headers_max": usize = 100 in 16 ..= 4096, live;
        /// A WebSocket ping is sent to a client that has been silent for so long, in seconds; 0 for
        /// never.
        ping_every "ping_every_s": Option<Duration> = 60 in 0 ..= 86400;
        /// A client that does not answer it within so many seconds is gone.
        pong_within "pong_within_s": Duration = 30 in 0 ..= 3600;
        /// A client that does not answer a close within so many seconds is hung up on.
        close_within "close_within_s": Duration = 5 in 0 ..= 3600;
        /// How long to go on as before after SIGTERM, with /readyz already red, so that balancers
        /// notice before there is nobody to connect to; in seconds.
        drain_delay "drain_delay_s": Duration = 0 in 0 ..= 3600, live;
        /// Time over which the clients are then closed (1012), evenly, in seconds. A few are closed
        /// sooner.
        drain "drain_s": Duration = 10 in 0 ..= 3600, live;
        /// Clients of campanile.v1 are told to come back within so many seconds, each at another
        /// moment.
        reconnect_within "reconnect_within_s": Duration = 5 in 0 ..= 3600, live;
    }

    /// The ledger by which `campanile explain` says why somebody did, or did not, get a trigger.
    explain: Explain {
        /// How many triggers are remembered, and how much of what happened to connections and
        /// subscriptions: so many of each, the latest; never what was in them. 0 for none.
        entries "entries": Option<usize> = 20000 in 100 ..= 10000000;
        /// Most bytes of memory for that; the oldest is forgotten first.
        bytes_max "bytes_max": usize = 16777216 in 65536 ..= 1099511627776;
        /// How long the other nodes are waited for when somebody asks, in seconds; those that did not
        /// answer are named.
        others_within "others_within_s": Duration = 1 in 1 ..= 30, live;
    }

    /// The event loops that hold the connections.
    loops: Loops {
        /// How many; 0 for one per core.
        count "count": Option<usize> = 0 in 1 ..= 1024;
    }

    /// What is written to standard error.
    log: Log {
        /// From which level on: error, warn, info, debug or trace; or by module, as
        /// "warn,campanile_gateway=debug".
        filter "filter": LogFilter = "info", live;
        /// "text" for people, "json" for one object a line.
        format "format": LogFormat = "text";
    }
}
