//! Plays a script against a running gateway. What is not in the script may not happen.

use super::backend::{Answer, Backend, Request};
use super::campanile::Campanile;
use super::client::{Client, Incoming};
use super::http;
use super::same::same_text;
use crate::cluster::publisher::rabbit;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the backend answers.
pub(crate) type Rule = Box<dyn Fn(&Request) -> Answer + Send>;

/// One line of a script.
pub(crate) enum Step {
    /// A client connects, and may offer one subprotocol, which the gateway must choose.
    Open { who: String, path: String, headers: Vec<(String, String)>, protocol: Option<String> },
    /// A client comes whose handshake was done elsewhere.
    Opened { who: String, client: Box<Client> },
    /// The handshake is refused with one of these.
    Refused { who: String, status: u16 },
    /// A client sends text.
    Send { who: String, text: String },
    /// A client sends bytes.
    SendBinary { who: String, bytes: Vec<u8> },
    /// A client gets a message.
    Receive { who: String, text: String, how: Receive },
    /// The gateway closes.
    Closed { who: String, code: u16 },
    /// The client closes.
    Close { who: String },
    /// The backend posts a trigger.
    Trigger { headers: Vec<(&'static str, &'static str)>, body: Vec<u8> },
    /// The backend publishes by RabbitMQ, at this port.
    Rabbit { port: u16, routing_key: String, body: String },
    /// The backend asks whom a trigger would reach.
    DryRun { body: String },
    /// An operator posts to a path of the internal listener.
    Post { path: String },
    /// Somebody ends the gateway.
    End,
    /// The page of metrics comes to have this line.
    Metric { line: String },
    /// How the last trigger or post was answered: one of these, with this body if one is given.
    Answered { status: Vec<u16>, body: Option<String> },
    /// The backend answers otherwise from here on.
    Backend(Rule),
    /// What the backend was asked since the last such step, as lines that need not be in order.
    BackendSaw(Vec<Vec<String>>, fn(&Request) -> Vec<String>),
    /// Time passes.
    Wait(Duration),
}

/// How strictly a message is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receive {
    /// The same JSON, or the same text if it is none.
    Same,
    /// The same bytes.
    Exactly,
    /// The same JSON, or nothing.
    Perhaps,
}

/// A script being played.
pub(crate) struct Player<'a> {
    campanile: &'a Campanile,
    backend: &'a Backend,
    clients: BTreeMap<String, Client>,
    refused: Option<(String, u16)>,
    answer: Option<http::Answer>,
    /// What may come, but need not.
    perhaps: Vec<String>,
    /// The last thing that each client said.
    said: BTreeMap<String, String>,
    /// Whether the last cause was a trigger, after which messages may come in any order.
    triggered: bool,
}

type Outcome = Result<(), String>;

impl<'a> Player<'a> {
    pub(crate) fn new(campanile: &'a Campanile, backend: &'a Backend) -> Player<'a> {
        let (clients, said) = (BTreeMap::new(), BTreeMap::new());
        let (refused, answer, perhaps, triggered) = (None, None, Vec::new(), false);
        Player { campanile, backend, clients, refused, answer, perhaps, said, triggered }
    }

    /// Plays all steps, each with a word that says where it stands, to their end.
    ///
    /// # Errors
    ///
    /// Something else happened: says where, and what.
    pub(crate) async fn play(
        &mut self,
        steps: impl IntoIterator<Item = (String, Step)>,
    ) -> Outcome {
        let mut steps = steps.into_iter().peekable();
        while let Some((place, step)) = steps.next() {
            let outcome = match step {
                Step::Receive { who, text, how } => {
                    let mut expected = vec![(who, text, how)];
                    while let Some((_, Step::Receive { .. })) = steps.peek() {
                        if let Some((_, Step::Receive { who, text, how })) = steps.next() {
                            expected.push((who, text, how));
                        }
                    }
                    self.receive(expected).await
                }
                other => self.step(other).await,
            };
            outcome.map_err(|why| format!("{place}: {why}"))?;
        }
        self.quiet().await.map_err(|why| format!("at the end: {why}"))
    }

    async fn step(&mut self, step: Step) -> Outcome {
        let follows =
            matches!(step, Step::Closed { .. } | Step::Answered { .. } | Step::Metric { .. });
        if !follows && !matches!(step, Step::Send { .. } | Step::SendBinary { .. }) {
            self.quiet().await?;
        }
        match step {
            Step::Open { who, path, headers, protocol } => {
                self.open(who, &path, headers, protocol).await?;
            }
            Step::Opened { who, client } => drop(self.clients.insert(who, *client)),
            Step::Send { who, text } => {
                self.triggered = false;
                self.client(&who)?.send(&text).await;
                self.said.insert(who, text);
            }
            Step::SendBinary { who, bytes } => self.client(&who)?.send_binary(bytes).await,
            Step::Trigger { headers, body } => {
                self.post("/trigger/", &headers, &body).await?;
                self.triggered = true;
            }
            Step::DryRun { body } => self.post("/trigger/?dry_run=1", &[], body.as_bytes()).await?,
            Step::Metric { line } => comes_to_say(self.campanile, &line).await?,
            Step::End => self.campanile.terminate(),
            Step::Post { path } => self.post(&path, &[], b"").await?,
            Step::Rabbit { port, routing_key, body } => {
                let published = rabbit(port, &routing_key, &body).await;
                published.map_err(|error| format!("it was not published: {error}"))?;
                self.triggered = true;
            }
            Step::Backend(rule) => self.backend.answer(rule),
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Close { who } => self.close(&who).await?,
            other => self.check(other).await?,
        }
        Ok(())
    }

    async fn check(&mut self, step: Step) -> Outcome {
        match step {
            Step::Refused { who, status } => {
                same("refused", &self.refused.take(), &Some((who, status)))
            }
            Step::Closed { who, code } => {
                let came = self.client(&who)?.next().await;
                same(&who, &came, &Some(Incoming::Closed(code)))
            }
            Step::Answered { status, body } => self.answered(&status, body.as_deref()),
            Step::BackendSaw(mut expected, describe) => {
                let mut seen: Vec<_> =
                    self.backend.take_seen(expected.len()).await.iter().map(describe).collect();
                seen.sort();
                expected.sort();
                same("the backend saw", &seen, &expected)
            }
            _ => Ok(()),
        }
    }

    fn client(&mut self, who: &str) -> Result<&mut Client, String> {
        self.clients.get_mut(who).ok_or_else(|| format!("{who} is not connected"))
    }

    async fn open(
        &mut self,
        who: String,
        path: &str,
        mut headers: Vec<(String, String)>,
        protocol: Option<String>,
    ) -> Outcome {
        headers.extend(
            protocol.iter().map(|offer| ("Sec-WebSocket-Protocol".to_owned(), offer.clone())),
        );
        match Client::open(self.campanile.public, path, &headers).await {
            Ok(client) => {
                same("subprotocol", &client.protocol, &protocol)?;
                self.clients.insert(who, client);
            }
            Err(status) => self.refused = Some((who, status)),
        }
        Ok(())
    }

    async fn close(&mut self, who: &str) -> Outcome {
        let mut client =
            self.clients.remove(who).ok_or_else(|| format!("{who} is not connected"))?;
        if client.close().await {
            Ok(())
        } else {
            Err(format!("{who}'s close was not answered cleanly"))
        }
    }

    async fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Outcome {
        let answer = http::post(self.campanile.internal, path, headers, body).await;
        self.answer = Some(answer.map_err(|error| format!("the post was not answered: {error}"))?);
        Ok(())
    }

    fn answered(&self, status: &[u16], body: Option<&str>) -> Outcome {
        let answer = self.answer.as_ref().ok_or("nothing was posted")?;
        if !status.contains(&answer.status) {
            return Err(format!("it was answered {} {}", answer.status, answer.body));
        }
        match body {
            Some(body) if !same_text(body, &answer.body) => {
                Err(format!("it was answered {:?}, not {body:?}", answer.body))
            }
            _ => Ok(()),
        }
    }

    /// Takes in what is expected together.
    async fn receive(&mut self, expected: Vec<(String, String, Receive)>) -> Outcome {
        let mut by_client: BTreeMap<String, Vec<(String, Receive)>> = BTreeMap::new();
        for (who, text, how) in expected {
            match how {
                Receive::Perhaps => self.perhaps.push(text),
                how => by_client.entry(who).or_default().push((text, how)),
            }
        }
        for (who, mut expected) in by_client {
            while !expected.is_empty() {
                let came = self.client(&who)?.next().await;
                let any_of = if self.triggered { expected.len() } else { 1 };
                let found =
                    expected[..any_of].iter().position(|expected| fits(expected, came.as_ref()));
                match found {
                    Some(found) => drop(expected.remove(found)),
                    None if self.ask_again(&who, &expected[0].0).await? => {}
                    None => return Err(format!("{who} got {came:?}, not {:?}", expected[0].0)),
                }
            }
        }
        Ok(())
    }

    /// Repeats a request for the status, since connections elsewhere end when they end; whether it did.
    async fn ask_again(&mut self, who: &str, expected: &str) -> Result<bool, String> {
        let asked = self.said.get(who).cloned().unwrap_or_default();
        let repeats = self.said.entry(format!("{who} again")).or_default();
        if !expected.contains("open_connections") || repeats.len() >= 500 {
            return Ok(false);
        }
        repeats.push('.');
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.client(who)?.send(&asked).await;
        Ok(true)
    }

    /// Sees to it that nothing has come to anybody that the script does not have.
    async fn quiet(&mut self) -> Outcome {
        for (who, client) in &mut self.clients {
            for came in client.settle().await {
                let allowed = self.perhaps.iter().position(
                    |text| matches!(&came, Incoming::Text(came) if same_text(text, came)),
                );
                match allowed {
                    Some(index) => drop(self.perhaps.remove(index)),
                    None => return Err(format!("{who} also got {came:?}")),
                }
            }
        }
        self.perhaps.clear();
        Ok(())
    }
}

/// Waits until the page of metrics has a line.
async fn comes_to_say(campanile: &Campanile, line: &str) -> Outcome {
    for _ in 0..1_000 {
        let page = http::get(campanile.internal, "/metrics").await;
        if page.map_err(|error| error.to_string())?.body.lines().any(|found| found == line) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err("the metrics never say so".to_owned())
}

fn fits((text, how): &(String, Receive), came: Option<&Incoming>) -> bool {
    let Some(Incoming::Text(came)) = came else { return false };
    if *how == Receive::Exactly { came == text } else { same_text(text, came) }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, came: &T, expected: &T) -> Outcome {
    if came == expected { Ok(()) } else { Err(format!("{what}: {came:?}, not {expected:?}")) }
}
