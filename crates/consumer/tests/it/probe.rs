//! A consumer that does what its client says, and writes down what happens to it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Extension;
use campanile_consumer::layer::Missed;
use campanile_consumer::{
    Accept, Close, CloseCode, Consumer, Context, FastLane, IntoMessage as _, Json, Message,
    Refusal, Scope,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

/// What happened to all probes of a test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    pub(crate) fn note(&self, entry: impl Into<String>) {
        self.lock().push(entry.into());
    }

    pub(crate) fn entries(&self) -> Vec<String> {
        self.lock().clone()
    }

    /// Waits until there is an entry.
    pub(crate) async fn wait_for(&self, entry: &str) {
        crate::until(&format!("the entry {entry:?}"), || {
            self.lock().iter().any(|known| known == entry)
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().expect("nobody panics while writing")
    }
}

/// Does what its client says.
pub(crate) struct Probe {
    journal: Journal,
    query: Query,
}

/// What a client wants of `connect`, and of `disconnect`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Query {
    refuse: Option<u16>,
    panic: bool,
    sleep_ms: u64,
    subprotocol: Option<String>,
    join: Option<String>,
    fast: Option<String>,
    close: bool,
    send_bytes: usize,
    open_bytes: usize,
    sad: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum Event {
    #[serde(rename = "chat.message")]
    ChatMessage { text: String },
    #[serde(rename = "chat.bytes")]
    ChatBytes { hex: String },
}

impl Consumer for Probe {
    type User = Extension<Journal>;
    type Request = String;
    type Event = Event;

    async fn connect(
        scope: Scope<Extension<Journal>>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        let query: Query = scope.query_as()?;
        let Extension(journal) = scope.user.clone();
        journal.note("connects");
        if query.sleep_ms > 0 {
            tokio::time::sleep(Duration::from_millis(query.sleep_ms)).await;
        }
        if let Some(status) = query.refuse {
            return Err(Refusal::new((StatusCode::from_u16(status).expect("a status"), "no")));
        }
        assert!(!query.panic, "as it was asked to");
        if let Some(group) = &query.join {
            context.group_add(group).await?;
        }
        if let Some(group) = &query.fast {
            context.group_add_fast(group).await?;
        }
        if query.close {
            context.close(CloseCode::POLICY, "at once");
        }
        for _ in 0..query.send_bytes / 1_000 {
            context.send("x".repeat(1_000)).await?;
        }
        journal.note("connected");
        let accept = Accept::new(Probe { journal, query: query.clone() });
        Ok(match query.subprotocol {
            Some(subprotocol) => accept.subprotocol(subprotocol),
            None => accept,
        })
    }

    async fn opened(&mut self, context: &mut Context<Self>) -> Result<(), Close> {
        for _ in 0..self.query.open_bytes / 1_000 {
            context.send("x".repeat(1_000)).await?;
        }
        Ok(())
    }

    async fn receive(&mut self, text: String, context: &mut Context<Self>) -> Result<(), Close> {
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            ["join", group] => context.group_add(group).await?,
            ["fast", group] => context.group_add_fast(group).await?,
            ["leave", group] => context.group_discard(group).await?,
            ["tell", group, text] => {
                let event = Event::ChatMessage { text: text.to_owned() };
                context.group_send(group, &event).await?;
                return Ok(());
            }
            ["name"] => {
                let name = context.channel_name().to_owned();
                return Ok(context.send(name).await?);
            }
            ["panic"] => panics(),
            ["close"] => return Err(Close::new(CloseCode::POLICY, "as you wish")),
            ["wait", ms] => {
                self.journal.note("waits");
                tokio::time::sleep(Duration::from_millis(ms.parse().expect("a number"))).await;
            }
            ["tick"] => self.tick(context)?,
            ["spawn-panic"] => context.spawn(async { panics() })?,
            ["burst", count, bytes] => {
                for _ in 0..count.parse().expect("a number") {
                    context.send("x".repeat(bytes.parse().expect("a number"))).await?;
                }
            }
            _ => {}
        }
        Ok(context.send(text).await?)
    }

    async fn event(&mut self, event: Event, context: &mut Context<Self>) -> Result<(), Close> {
        self.journal.note("event");
        Ok(context.send(Json(event)).await?)
    }

    async fn missed(&mut self, missed: Missed, _: &mut Context<Self>) -> Result<(), Close> {
        self.journal.note(format!("missed: {missed}"));
        Ok(())
    }

    async fn disconnect(self, code: CloseCode, _: &mut Context<Self>) {
        self.journal.note(format!("left {code}"));
        assert!(!self.query.sad, "as it was asked to");
    }
}

/// Panics, without a word about where: thousands of probes do.
fn panics() -> ! {
    std::panic::resume_unwind(Box::new("as it was asked to"))
}

impl Probe {
    /// Sends a tick each second, and writes down when that has ended.
    fn tick(&self, context: &mut Context<Self>) -> Result<(), Close> {
        struct Ends(Journal);
        impl Drop for Ends {
            fn drop(&mut self) {
                self.0.note("the ticking ends");
            }
        }
        let (client, ends) = (context.client(), Ends(self.journal.clone()));
        context.spawn(async move {
            let _ends = ends;
            while client.send("tick").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        })?;
        Ok(())
    }
}

impl FastLane for Probe {
    fn render(event: Event) -> Option<Message> {
        match event {
            Event::ChatMessage { text } if text == "panic" => panics(),
            Event::ChatMessage { text } if text == "nothing" => None,
            Event::ChatMessage { text } => Some(Message::Text(format!("fast {text}"))),
            Event::ChatBytes { hex } => hex.into_bytes().into_message().ok(),
        }
    }
}
