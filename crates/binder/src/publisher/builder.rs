//! How a publisher is to be.

use super::http::Http;
use super::queue::Queue;
use super::statistics::Counters;
use super::way::{self, Patience, Way};
use super::{Inner, Publisher};
use http::uri::InvalidUri;
use http::{HeaderValue, Uri};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How a [`Publisher`] is to be.
#[derive(Clone)]
pub struct Builder {
    http: Option<String>,
    key: Option<String>,
    #[cfg(feature = "rabbitmq")]
    rabbitmq: Option<String>,
    #[cfg(feature = "rabbitmq")]
    exchange: String,
    triggers_max: usize,
    patience: Patience,
}

/// Why a publisher does not start.
#[derive(Debug)]
pub enum StartError {
    /// The gateway's URL is none.
    Url(String, InvalidUri),
    /// The gateway's URL is of another kind than http and https, or has no host.
    NotHttp(String),
    /// The gateway's URL has a user's name or a password, which a gateway does not ask for.
    Password,
    /// The key has characters that no header may have.
    Key,
    /// RabbitMQ's URL is none: why.
    RabbitMq(String),
    /// The system's certificates cannot be read.
    Certificates(io::Error),
}

/// Where a gateway's internal listener is by default.
const GATEWAY: &str = "http://localhost:8002";

impl Builder {
    /// Tells triggers to the internal listener of a gateway: `http://localhost:8002` if nothing else
    /// is said.
    #[must_use]
    pub fn http(mut self, url: impl Into<String>) -> Builder {
        self.http = Some(url.into());
        self
    }

    /// Shows a key to that listener, which is the gateway's `[internal] key`.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Builder {
        self.key = Some(key.into());
        self
    }

    /// Tells triggers by RabbitMQ, `amqp://USER:PASSWORD@HOST:PORT/VHOST`: instead of by HTTP, or also
    /// by HTTP if [`http`](Self::http) is said, too.
    #[cfg(feature = "rabbitmq")]
    #[must_use]
    pub fn rabbitmq(mut self, url: impl Into<String>) -> Builder {
        self.rabbitmq = Some(url.into());
        self
    }

    /// Takes another exchange than `hightemplar`.
    #[cfg(feature = "rabbitmq")]
    #[must_use]
    pub fn exchange(mut self, name: impl Into<String>) -> Builder {
        self.exchange = name.into();
        self
    }

    /// Lets so many triggers wait on each way, rather than 10,000; what comes then is lost.
    #[must_use]
    pub fn triggers_max(mut self, triggers: usize) -> Builder {
        self.triggers_max = triggers.max(1);
        self
    }

    /// Gives a trigger up that nobody took for so long, rather than for a minute.
    #[must_use]
    pub fn give_up_after(mut self, time: Duration) -> Builder {
        self.patience.trigger = time;
        self
    }

    /// Waits so long for each answer, rather than ten seconds.
    #[must_use]
    pub fn answer_within(mut self, time: Duration) -> Builder {
        self.patience.attempt = time;
        self
    }

    /// Starts the publisher; it connects when it has something to tell. To be called within tokio's
    /// runtime.
    ///
    /// # Errors
    ///
    /// If what was said cannot be used.
    pub fn start(self) -> Result<Publisher, StartError> {
        let counters = Arc::<Counters>::default();
        let mut ways = Vec::new();
        if let Some(url) = self.http_url() {
            ways.push(
                self.run(
                    Http::new(trigger_uri(url)?, self.authorization()?)
                        .map_err(StartError::Certificates)?,
                    &counters,
                ),
            );
        }
        #[cfg(feature = "rabbitmq")]
        if let Some(url) = &self.rabbitmq {
            let mut uri: lapin::uri::AMQPUri = url.parse().map_err(StartError::RabbitMq)?;
            if uri.vhost.is_empty() {
                // `amqp://HOST/` names none, and means the one that is there.
                uri.vhost.push('/');
            }
            let way = super::rabbitmq::RabbitMq::new(uri, self.exchange.clone());
            ways.push(self.run(way, &counters));
        }
        Ok(Publisher(Arc::new(Inner { ways, counters })))
    }

    fn run(&self, way: impl Way, counters: &Arc<Counters>) -> Arc<Queue> {
        let queue = Arc::new(Queue::new(self.triggers_max, Arc::clone(counters)));
        tokio::spawn(way::run(way, Arc::clone(&queue), Arc::clone(counters), self.patience));
        queue
    }

    fn http_url(&self) -> Option<&str> {
        #[cfg(feature = "rabbitmq")]
        if self.http.is_none() && self.rabbitmq.is_some() {
            return None;
        }
        Some(self.http.as_deref().unwrap_or(GATEWAY))
    }

    fn authorization(&self) -> Result<Option<HeaderValue>, StartError> {
        let Some(key) = &self.key else { return Ok(None) };
        let mut value =
            HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| StartError::Key)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// Returns where triggers are told; a slash at the end of the URL is no other URL.
fn trigger_uri(url: &str) -> Result<Uri, StartError> {
    if url.contains('@') {
        return Err(StartError::Password);
    }
    let uri = format!("{}/trigger/", url.trim_end_matches('/'));
    let uri: Uri = uri.parse().map_err(|error| StartError::Url(url.to_owned(), error))?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    if is_http && uri.host().is_some_and(|host| !host.is_empty()) {
        Ok(uri)
    } else {
        Err(StartError::NotHttp(url.to_owned()))
    }
}

impl Default for Builder {
    fn default() -> Builder {
        Builder {
            http: None,
            key: None,
            #[cfg(feature = "rabbitmq")]
            rabbitmq: None,
            #[cfg(feature = "rabbitmq")]
            exchange: "hightemplar".to_owned(),
            triggers_max: 10_000,
            patience: Patience {
                attempt: Duration::from_secs(10),
                trigger: Duration::from_secs(60),
            },
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // URLs and keys are secrets.
        formatter
            .debug_struct("Builder")
            .field("triggers_max", &self.triggers_max)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Url(url, error) => write!(
                formatter,
                "the gateway's URL {url:?} cannot be used: {error}; write {GATEWAY:?}"
            ),
            StartError::NotHttp(url) => write!(
                formatter,
                "the gateway's URL {url:?} cannot be used: it is to begin with http:// or \
                 https:// and to name a host; write {GATEWAY:?}"
            ),
            StartError::Password => write!(
                formatter,
                "the gateway's URL cannot be used: it has a user's name or a password, which would \
                 show in errors; say the key besides, and write {GATEWAY:?}"
            ),
            StartError::Key => formatter.write_str(
                "the gateway's key cannot be used: it has characters that no header may have",
            ),
            StartError::RabbitMq(why) => write!(
                formatter,
                "RabbitMQ's URL cannot be used: {why}; write amqp://USER:PASSWORD@HOST/VHOST"
            ),
            StartError::Certificates(error) => {
                write!(formatter, "the system's certificates cannot be read: {error}")
            }
        }
    }
}

impl std::error::Error for StartError {}
