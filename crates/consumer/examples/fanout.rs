//! A server for `campanile bench`: what a group costs whose events go through each consumer, or by the
//! fast lane. It speaks the control protocol of `docs/benchmarks/README.md`:
//!
//! ```sh
//! cargo build --release -p campanile-gateway -p campanile-consumer --bins --examples
//! target/release/campanile bench fanout --connections 10000 \
//!     --against "consumers=target/release/examples/fanout consumers {port}" \
//!     --against "fast-lane=target/release/examples/fanout fast-lane {port}"
//! ```

use axum::Router;
use campanile_consumer::{
    Accept, Close, Consumer, Context, FastLane, Limits, Message, Refusal, Scope, Server, consumer,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Event {
    #[serde(rename = "bench.publish")]
    Publish { text: String },
}

/// Hears a room, and passes each event on to its client.
struct Listener;

impl Consumer for Listener {
    type User = ();
    type Request = ();
    type Event = Event;

    async fn connect(
        scope: Scope<()>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        context.group_add(scope.param("room")?).await?;
        Ok(Accept::new(Listener))
    }

    async fn event(&mut self, event: Event, context: &mut Context<Self>) -> Result<(), Close> {
        let Event::Publish { text } = event;
        context.send(text).await?;
        Ok(())
    }
}

/// Hears a room by the fast lane.
struct FastListener;

impl Consumer for FastListener {
    type User = ();
    type Request = ();
    type Event = Event;

    async fn connect(
        scope: Scope<()>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        context.group_add_fast(scope.param("room")?).await?;
        Ok(Accept::new(FastListener))
    }
}

impl FastLane for FastListener {
    fn render(Event::Publish { text }: Event) -> Option<Message> {
        Some(Message::Text(text))
    }
}

/// Publishes: `ROOM TEXT`.
struct Control;

impl Consumer for Control {
    type User = ();
    type Request = String;
    type Event = ();

    async fn connect(_: Scope<()>, _: &mut Context<Self>) -> Result<Accept<Self>, Refusal> {
        Ok(Accept::new(Control))
    }

    async fn receive(&mut self, order: String, context: &mut Context<Self>) -> Result<(), Close> {
        if let Some((room, text)) = order.split_once(' ') {
            context.group_send(room, &Event::Publish { text: text.to_owned() }).await?;
        }
        Ok(())
    }
}

/// Echoes.
struct Echo;

impl Consumer for Echo {
    type User = ();
    type Request = Message;
    type Event = ();

    async fn connect(_: Scope<()>, _: &mut Context<Self>) -> Result<Accept<Self>, Refusal> {
        Ok(Accept::new(Echo))
    }

    async fn receive(&mut self, said: Message, context: &mut Context<Self>) -> Result<(), Close> {
        context.send(said).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, port] = &arguments[..] else {
        return Err("its arguments are: consumers|fast-lane PORT".into());
    };
    let listener = match &**way {
        "consumers" => consumer::<Listener>(),
        "fast-lane" => consumer::<FastListener>(),
        _ => return Err("the first argument is none of: consumers fast-lane".into()),
    };
    // The bench's clients do not answer pings while another server has its turn.
    let limits = Limits { ping_every: None, ..Limits::default() };
    let server = Server::builder().loops(1).limits(limits).start()?;
    let router = Router::new()
        .route("/room/{room}", listener)
        .route("/control", consumer::<Control>())
        .route("/echo", consumer::<Echo>())
        .layer(server.extension());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    axum::serve(listener, router).await?;
    Ok(())
}
