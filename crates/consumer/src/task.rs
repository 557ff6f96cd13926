//! A consumer's life, in its own task: from the request until it has taken leave.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use axum::response::Response;
use campanile_layer::{Channel, Received};
use futures_util::FutureExt as _;
use http::StatusCode;
use tokio::sync::oneshot;
use tokio::task::JoinError;

use crate::events;
use crate::line::{Line, Next, Order};
use crate::log::Visitor;
use crate::opening::Opening;
use crate::server::{Inner, Phase, Place};
use crate::{Accept, Close, CloseCode, Consumer, Context, FromMessage, Refusal, Scope};

/// Somebody who wants to be let in.
pub(crate) struct Guest<C: Consumer> {
    pub(crate) server: Arc<Inner>,
    pub(crate) scope: Scope<C::User>,
    pub(crate) visitor: Visitor,
    pub(crate) opening: Opening,
    /// Where the response goes; nobody waits there if the client is gone.
    pub(crate) answer: oneshot::Sender<Response>,
    pub(crate) place: Place,
}

/// Lives a consumer's life: lets the client in, or not, and serves it.
///
/// What only one of the two needs is boxed, so that it takes no memory during the other.
pub(crate) async fn live<C: Consumer>(guest: Box<Guest<C>>) {
    if let Some(Attended { consumer, context, channel, visitor, place }) =
        Box::pin(let_in(guest)).await
    {
        attend(consumer, context, channel).await;
        visitor.disconnects();
        drop(place);
    }
}

/// A client that was let in, or was gone by then.
struct Attended<C: Consumer> {
    consumer: C,
    context: Context<C>,
    channel: Channel,
    visitor: Visitor,
    place: Place,
}

/// Lets a client in, if its consumer does.
async fn let_in<C: Consumer>(guest: Box<Guest<C>>) -> Option<Attended<C>> {
    let Guest { server, scope, visitor, opening, answer, place } = *guest;
    let line = opening.line(&server);
    match connect::<C>(&server, scope, &line).await {
        Ok((Accept { consumer, subprotocol }, context, channel)) => {
            visitor.shakes_hands();
            if opening.open(&server, &line, subprotocol, answer).await {
                line.lets_in();
                server.counters.connected.one_more();
                visitor.connects();
            }
            Some(Attended { consumer, context, channel, visitor, place })
        }
        Err(refusal) => {
            server.counters.rejected.one_more();
            visitor.is_rejected(&refusal);
            // It is nobody's where the client has gone.
            let _ = answer.send(refusal.into_response());
            None
        }
    }
}

/// Asks the consumer whether it lets the client in.
async fn connect<C: Consumer>(
    server: &Arc<Inner>,
    scope: Scope<C::User>,
    line: &Arc<Line>,
) -> Result<(Accept<C>, Context<C>, Channel), Refusal> {
    let channel = server.layer.new_channel().await?;
    let mut context = Context::new(server, line, channel.name());
    let within = server.limits.connect_within;
    let connecting = tokio::time::timeout(within, C::connect(scope, &mut context));
    let accept = match guard(server, "connect", connecting).await {
        Ok(Ok(decided)) => decided?,
        Ok(Err(_)) => {
            tracing::warn!(consumer = std::any::type_name::<C>(), "connect took over {within:?}");
            return Err(Refusal::from(StatusCode::SERVICE_UNAVAILABLE));
        }
        Err(Panicked) => return Err(Refusal::from(StatusCode::INTERNAL_SERVER_ERROR)),
    };
    Ok((accept, context, channel))
}

/// Serves the client until it is gone, and takes leave.
async fn attend<C: Consumer>(mut consumer: C, mut context: Context<C>, mut channel: Channel) {
    let (server, line) = (Arc::clone(&context.server), Arc::clone(&context.client.0));
    let mut phase = server.phase.subscribe();
    let code = tokio::select! {
        code = serve(&mut consumer, &mut context, &mut channel, &line) => code,
        _ = phase.wait_for(|phase| *phase == Phase::Ends) => CloseCode::GOING_AWAY,
    };
    line.ends(code);
    Box::pin(leave(consumer, context, code)).await;
    server.counters.disconnected.one_more();
}

/// Takes leave: ends what the consumer has under way, then tells it.
async fn leave<C: Consumer>(consumer: C, mut context: Context<C>, code: CloseCode) {
    let server = Arc::clone(&context.server);
    let within = server.limits.disconnect_within;
    // Work ends where it next waits for something; who never does is not waited for.
    let _ = tokio::time::timeout(within, context.work.shutdown()).await;
    let leaving = tokio::time::timeout(within, consumer.disconnect(code, &mut context));
    if let Ok(Err(_)) = guard(&server, "disconnect", leaving).await {
        tracing::warn!(consumer = std::any::type_name::<C>(), "disconnect took over {within:?}");
    }
}

/// What a consumer is woken for.
enum Step {
    Client(Next),
    Layer(Received),
    Work(Result<(), JoinError>),
}

/// Serves the client until it is gone; returns why it is.
async fn serve<C: Consumer>(
    consumer: &mut C,
    context: &mut Context<C>,
    channel: &mut Channel,
    line: &Arc<Line>,
) -> CloseCode {
    let server = Arc::clone(&context.server);
    let mut has_layer = true;
    let opened = Box::pin(consumer.opened(context));
    if let Err(close) = taken(&server, "opened", opened).await {
        line.order(Order::Close(close));
        return closed(line).await;
    }
    loop {
        let step = tokio::select! {
            next = line.next() => Step::Client(next),
            received = channel.receive(), if has_layer => Step::Layer(received),
            Some(done) = context.work.join_next() => Step::Work(done),
        };
        match step {
            Step::Client(Next::End(code)) => return code,
            Step::Layer(Received::Closed) => has_layer = false,
            step => {
                let taking = Box::pin(take(consumer, context, step));
                if let Err(close) = taken(&server, "receive or event", taking).await {
                    line.order(Order::Close(close));
                    return closed(line).await;
                }
            }
        }
    }
}

/// Waits for what a consumer does about something; a panic closes the connection.
///
/// It is boxed: most of the time there is nothing to do, and then it takes no memory.
async fn taken(
    server: &Inner,
    what: &str,
    taking: Pin<Box<impl Future<Output = Result<(), Close>>>>,
) -> Result<(), Close> {
    let done = guard(server, what, taking).await;
    done.unwrap_or_else(|Panicked| Err(CloseCode::INTERNAL.into()))
}

/// Has the consumer take one thing that came.
async fn take<C: Consumer>(
    consumer: &mut C,
    context: &mut Context<C>,
    step: Step,
) -> Result<(), Close> {
    let counters = Arc::clone(&context.server.counters);
    match step {
        Step::Client(Next::Message(message)) => match C::Request::from_message(message) {
            Ok(request) => consumer.receive(request, context).await,
            Err(invalid) => {
                counters.messages_invalid.one_more();
                consumer.invalid(invalid, context).await
            }
        },
        Step::Layer(Received::Message(message)) => {
            match events::read::<C>(&context.server, &message) {
                Some(event) => {
                    counters.events.one_more();
                    consumer.event(event, context).await
                }
                None => Ok(()),
            }
        }
        Step::Client(Next::Missed(missed)) | Step::Layer(Received::Missed(missed)) => {
            counters.missed.one_more();
            tracing::debug!(consumer = std::any::type_name::<C>(), "{missed}");
            consumer.missed(missed, context).await
        }
        Step::Work(Err(error)) if error.is_panic() => {
            context.server.panicked("spawned work");
            Err(CloseCode::INTERNAL.into())
        }
        Step::Work(_) | Step::Client(Next::End(_)) | Step::Layer(Received::Closed) => Ok(()),
    }
}

/// Waits until the connection is closed, and returns its code. What comes meanwhile is passed over.
async fn closed(line: &Arc<Line>) -> CloseCode {
    loop {
        if let Next::End(code) = line.next().await {
            return code;
        }
    }
}

struct Panicked;

/// Waits for a consumer's function, which may panic.
async fn guard<T>(
    server: &Inner,
    what: &str,
    function: impl Future<Output = T>,
) -> Result<T, Panicked> {
    AssertUnwindSafe(function).catch_unwind().await.map_err(|_| {
        server.panicked(what);
        Panicked
    })
}
