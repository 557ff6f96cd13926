//! Redis: pub/sub, or Streams for those who want no loss over a reconnect.

mod pubsub;
mod streams;

pub(crate) use pubsub::PubSubConnector;
pub(crate) use streams::StreamsConnector;

use crate::{PublishError, Settings, tls};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo, ProtocolVersion, RedisError, TlsCertificates,
};

/// Opens a connection; what Redis sends of itself goes to `hear`.
async fn connect(
    settings: &Settings,
    hear: impl Fn(redis::PushInfo) + Send + Sync + 'static,
) -> Result<MultiplexedConnection, String> {
    // The parser's words might repeat the password.
    let unreadable = |_| String::from("[broker] url is not as Redis's has to be");
    let url = settings.url.secret().as_str();
    let info = url.into_connection_info().map_err(unreadable)?;
    let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let info = info.set_redis_settings(redis);
    let is_tls = settings.url.secret().scheme() == "rediss";
    let client = match tls::ca_file(settings)?.filter(|_| is_tls) {
        None => Client::open(info),
        root_cert => Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert }),
    };
    let client = client.map_err(|error| explain(&error))?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(settings.connect_within))
        // A node's own limits say how long it waits.
        .set_response_timeout(None)
        .set_push_sender(move |push| {
            hear(push);
            Ok::<(), ()>(())
        });
    let connection = client.get_multiplexed_async_connection_with_config(&config).await;
    connection.map_err(|error| explain(&error))
}

/// Returns the code with which Redis itself refused, be it by one command of several that are sent
/// together; none, if it did not come to that.
fn refusal(error: &RedisError) -> Option<String> {
    let refused = error.clone().into_server_errors();
    let first = refused.and_then(|errors| errors.first().map(|(_, error)| error.code().to_owned()));
    first.or_else(|| error.code().map(str::to_owned))
}

/// Says what happened and what to do.
fn explain(error: &RedisError) -> String {
    match refusal(error).as_deref() {
        Some("NOAUTH" | "WRONGPASS") => {
            format!(
                "Redis refuses the login: check user and password of the [broker] url ({error})"
            )
        }
        Some("NOPERM") => format!(
            "Redis does not permit it: this user needs the commands and channels of the \
             [broker] exchange ({error})"
        ),
        _ => tls::explain(&error.to_string()),
    }
}

/// Says what became of a publication that failed.
fn publish_error(error: &RedisError) -> PublishError {
    if refusal(error).is_some() {
        // Redis itself answered that it did not: several channels are one transaction.
        PublishError::Refused(explain(error))
    } else {
        PublishError::Unconfirmed(error.to_string())
    }
}
