//! All that applications differ in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::{Bar, HashCost, OidcSettings};

/// What an application says about its people. [`Settings::new`] has the defaults.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How its pages look.
    pub brand: Brand,
    /// What stands in the bar besides; none if nothing does.
    pub bar: Option<Arc<dyn Bar>>,
    /// The groups that users may be in; a superuser counts as one of each.
    pub groups: Vec<String>,
    /// Whether strangers may register. If not, the routes for it are not there (404).
    pub registration: bool,
    /// The provider by which people log in; none if they do by passwords. With one, the pages for
    /// passwords, for registration and for the first administrator are not there (404).
    pub oidc: Option<OidcSettings>,
    /// How many times a minute somebody of one address may try to register: 10. More are answered
    /// 429.
    pub registrations_per_minute_max: u32,
    /// The most characters in a user's name: 30.
    pub username_characters_max: usize,
    /// The fewest characters in a password: 8.
    pub password_characters_min: usize,
    /// What begins the names of its cookies, so that applications on one host do not take each
    /// other's: empty. Where all come by TLS, `__Host-` keeps neighbours from setting them.
    pub cookie_prefix: String,
    /// How requests come here.
    pub transport: Transport,
    /// Other origins than the request's `Host` whose pages may send what changes something, such as
    /// `https://chat.example`: none. A proxy that does not pass the `Host` on needs its own here.
    pub allowed_origins: Vec<String>,
    /// How long a session lasts after it was last used: 14 days.
    pub session_idle: Duration,
    /// How long a session lasts at most: 90 days.
    pub session_age_max: Duration,
    /// The most sessions of one user; the oldest gives way: 50.
    pub sessions_max: u64,
    /// What a hash of a password costs.
    pub hash_cost: HashCost,
    /// The most passwords that are hashed at once: 2. Each takes the memory of its cost.
    pub hashes_max: usize,
    /// The most that wait for it; more are answered 503: 64.
    pub hashes_waiting_max: usize,
    /// The failures for one name and address after which logins are slowed: 5. For one address and
    /// whatever names it is 20 times as many.
    pub failures_max: u32,
    /// The most names and addresses whose failures are remembered, and addresses whose
    /// registrations are; the oldest gives way: 10,000.
    pub throttled_max: usize,
    /// The most logins of which somebody waits for the end, each with any number of sockets; more
    /// sockets are answered 503: 100,000.
    pub watched_max: usize,
    /// How often the database is asked which of those have ended elsewhere: 5 s.
    pub watch_every: Duration,
    /// The longest form in bytes: 64 KiB.
    pub form_bytes_max: usize,
    /// How long the link for the first administrator is valid: an hour.
    pub first_link_for: Duration,
}

impl Settings {
    /// Returns the defaults for an application of that name.
    pub fn new(name: &str) -> Settings {
        Settings {
            brand: Brand { name: name.to_owned(), ..Brand::default() },
            bar: None,
            groups: Vec::new(),
            registration: false,
            oidc: None,
            registrations_per_minute_max: 10,
            username_characters_max: 30,
            password_characters_min: 8,
            cookie_prefix: String::new(),
            transport: Transport::default(),
            allowed_origins: Vec::new(),
            session_idle: Duration::from_hours(14 * 24),
            session_age_max: Duration::from_hours(90 * 24),
            sessions_max: 50,
            hash_cost: HashCost::default(),
            hashes_max: 2,
            hashes_waiting_max: 64,
            failures_max: 5,
            throttled_max: 10_000,
            watched_max: 100_000,
            watch_every: Duration::from_secs(5),
            form_bytes_max: 64 << 10,
            first_link_for: Duration::from_hours(1),
        }
    }
}

/// How an application's pages look.
#[derive(Clone, Debug, Default)]
pub struct Brand {
    /// Its name, in the bar and in titles.
    pub name: String,
    /// The path of a picture before the name; none if it has none.
    pub logo: Option<String>,
    /// The paths of style sheets besides the [common one](crate::File), which they may overrule.
    pub styles: Vec<String>,
    /// What stands in the bar.
    pub links: Vec<Link>,
    /// Where a user's own name in the bar leads; none is to its sessions.
    pub own_page: Option<String>,
}

/// A link in the bar.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where it leads.
    pub path: String,
    /// What it says.
    pub label: String,
    /// The group whose users see it; superusers see all. None: everybody does.
    pub group: Option<String>,
}

/// How requests come to the application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// In plain text, from the clients themselves.
    #[default]
    Plain,
    /// By TLS that the application speaks itself: cookies are `Secure`.
    Tls,
    /// By proxies with these addresses, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    /// Others' are not.
    Proxies(Vec<IpAddr>),
}
