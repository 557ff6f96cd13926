//! A translator's socket: it hears what is active and each change, and answers whether a network is
//! announced.

use super::admission::{self, Admitted};
use super::asked::Asked;
use super::comparison::{Comparison, Report};
use super::events::{BrowserEvent, TranslatorEvent};
use super::frame::{Frame, Malformed};
use super::pace::Pace;
use super::teller::Teller;
use crate::app::App;
use crate::cidr::Network;
use crate::dispatch::group_of;
use crate::translators::{Counters, Heartbeat, Seat};
use axum::extract::State;
use campanile_accounts::Client;
use campanile_consumer::{
    self as consumer, Accept, Close, CloseCode, Consumer, Context, Invalid, Json, Missed, Refusal,
    Scope,
};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// The subprotocol, and the query, of translators that hear where a replay begins and ends.
pub const V2: &str = "scram.v2";

/// One translator.
pub(super) struct Translator {
    app: App,
    seat: Arc<Seat>,
    teller: Arc<Teller>,
    asked: Questions,
    reports: mpsc::Sender<Report>,
    pace: Pace,
}

/// What this translator was asked and has not answered.
pub(super) type Questions = Arc<Mutex<Asked<Asker>>>;

/// Who wants to know.
#[derive(Clone, Debug)]
pub(super) enum Asker {
    /// A browser, by its consumer's channel.
    Browser(String),
    /// The comparison, about a network.
    Network(Network),
    /// The comparison, about all networks.
    State,
}

/// How many questions may be under way; more are not asked.
const QUESTIONS_MAX: usize = 2_000;

/// How many frames that nobody asked for may come at once, and each second afterwards.
const FRAMES: (u32, u32) = (100, 10);

/// How often is asked whether the translator may still be here, and whether the templates are others.
const LOOK_EVERY: Duration = Duration::from_secs(15);

impl Consumer for Translator {
    type User = (State<App>, Client);
    type Request = String;
    type Event = TranslatorEvent;

    async fn connect(
        scope: Scope<Self::User>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        let (State(app), client) = &scope.user;
        let admitted = admission::admit(app, &scope).await.inspect_err(|_| {
            app.translators.counters().translators_refused.one_more();
        })?;
        // Before the replay reads anything: so no change falls between the two.
        context.group_add(&group_of(&admitted.action_type.name)).await?;
        let offers_v2 = scope.subprotocols().iter().any(|offered| offered == V2);
        let asks_for_v2 =
            scope.query().is_some_and(|query| query.split('&').any(|it| it == "sync=1"));
        let translator =
            Translator::begin(app, client, admitted, offers_v2 || asks_for_v2, context)?;
        let accept = Accept::new(translator);
        Ok(if offers_v2 { accept.subprotocol(V2) } else { accept })
    }

    async fn receive(&mut self, text: String, context: &mut Context<Self>) -> Result<(), Close> {
        let received = match Frame::read(&text) {
            Ok(frame) => self.heed(&frame, context).await,
            Err(malformed) => Err(malformed),
        };
        match received {
            Ok(true) => Ok(()),
            Ok(false) => self.is_within_pace(),
            Err(malformed) => {
                self.counters().malformed.one_more();
                Err(malformed.into())
            }
        }
    }

    async fn event(
        &mut self,
        event: TranslatorEvent,
        context: &mut Context<Self>,
    ) -> Result<(), Close> {
        match event {
            TranslatorEvent::Changed(changed) if changed.instance == self.app.settings.instance => {
                self.teller.change(changed).await?;
            }
            TranslatorEvent::Changed(_) => {}
            TranslatorEvent::Check { channel, asker, message } => {
                if self.asked().ask(channel.clone(), Asker::Browser(asker)) {
                    context.send(Json(check(&channel, &message))).await?;
                }
            }
            TranslatorEvent::Withdraw { network } => {
                let Ok(network) = Network::parse_strict(&network) else { return Ok(()) };
                if let Err(error) = self.teller.withdraw(&network).await {
                    tracing::warn!(%error, %network, "a network was not withdrawn");
                }
            }
        }
        Ok(())
    }

    async fn missed(&mut self, missed: Missed, _: &mut Context<Self>) -> Result<(), Close> {
        tracing::info!(translator = self.seat.name(), "{missed}: replaying everything");
        self.teller.begin_anew().await;
        Ok(())
    }

    async fn invalid(&mut self, invalid: Invalid, _: &mut Context<Self>) -> Result<(), Close> {
        self.counters().malformed.one_more();
        Err(Close::new(invalid.close_code(), invalid.to_string()))
    }
}

impl Translator {
    /// Takes a seat, and begins to tell and to compare.
    fn begin(
        app: &App,
        client: &Client,
        admitted: Admitted,
        hears_sync: bool,
        context: &mut Context<Translator>,
    ) -> Result<Translator, Refusal> {
        let Admitted { action_type, name, token } = admitted;
        let address = client.address.map_or_else(String::new, |address| address.to_string());
        let name = name.unwrap_or_else(|| format!("translator at {address}"));
        let seat = Arc::new(app.translators.seat(&action_type.name, &name, &address));
        let client = context.client();
        let teller = Teller::new(&app.translators, &app.store, action_type.id, client, hears_sync);
        let teller = Arc::new(teller);
        let asked: Questions = Arc::new(Mutex::new(Asked::new(QUESTIONS_MAX)));
        let (reports, reported) = mpsc::channel(QUESTIONS_MAX);
        let comparison = Comparison::new(app, &seat, &teller, &asked, reported);
        let refused = |_| Refusal::forbidden();
        context.spawn(Box::pin(comparison.run())).map_err(refused)?;
        let replaying = Arc::clone(&teller);
        context.spawn(async move { replaying.run().await }).map_err(refused)?;
        let watch =
            watch(app.clone(), action_type.name, token, Arc::clone(&teller), context.client());
        context.spawn(watch).map_err(refused)?;
        let pace = Pace::new(FRAMES.0, FRAMES.1);
        Ok(Translator { app: app.clone(), seat, teller, asked, reports, pace })
    }

    /// Heeds a frame. Returns whether it was asked for.
    async fn heed(
        &mut self,
        frame: &Frame,
        context: &mut Context<Translator>,
    ) -> Result<bool, Malformed> {
        match frame.kind() {
            "translator_heartbeat" => {
                // SCRAM's own translator says so by another key.
                let name = frame.text("name")?.or(frame.text("hostname")?).map(str::to_owned);
                let (v4, v6) = (frame.number("v4_count")?, frame.number("v6_count")?);
                self.seat.beat(Heartbeat { name, v4, v6 });
                self.counters().heartbeats.one_more();
                Ok(false)
            }
            "translator_check_resp" => self.answer(frame, context).await,
            "translator_state" => {
                let message = frame.message()?;
                let asker = frame.text("id")?.and_then(|id| self.asked().take(id));
                let is_asked = matches!(asker, Some(Asker::State));
                if is_asked {
                    // Whoever compares has given up where it is not taken.
                    let _ = self.reports.try_send(Report::State(message.clone()));
                } else {
                    self.counters().answers_unasked.one_more();
                }
                Ok(is_asked)
            }
            _ => {
                self.counters().frames_unknown.one_more();
                Ok(false)
            }
        }
    }

    /// Takes an answer, if this translator was asked, and only once.
    async fn answer(
        &mut self,
        frame: &Frame,
        context: &mut Context<Translator>,
    ) -> Result<bool, Malformed> {
        let is_blocked = frame.message()?.get("is_blocked").and_then(Value::as_bool);
        let is_blocked = is_blocked.ok_or(Malformed::wrong("is_blocked is true or false"))?;
        let asker = frame.channel().and_then(|channel| self.asked().take(channel));
        let (Some(asker), Some(channel)) = (asker, frame.channel()) else {
            self.counters().answers_unasked.one_more();
            return Ok(false);
        };
        let error = frame.text("error")?.map(|error| error.chars().take(200).collect());
        match asker {
            Asker::Browser(browser) => {
                let answer = BrowserEvent::Answer {
                    channel: channel.to_owned(),
                    is_blocked,
                    translator_name: self.seat.name(),
                    error,
                };
                // A browser that is gone or flooded asks again, or does not care.
                let _ = context.send_to(&browser, &answer).await;
            }
            Asker::Network(network) if error.is_none() => {
                let _ = self.reports.try_send(Report::Network(network, is_blocked));
            }
            Asker::Network(_) | Asker::State => {}
        }
        Ok(true)
    }

    fn is_within_pace(&mut self) -> Result<(), Close> {
        if self.pace.allows_one() {
            return Ok(());
        }
        self.counters().flooding.one_more();
        Err(Close::new(CloseCode::POLICY, "that is too much"))
    }

    fn asked(&self) -> MutexGuard<'_, Asked<Asker>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counters(&self) -> &Counters {
        self.app.translators.counters()
    }
}

/// Closes the socket of a translator whose token does not hold any more, and tells one whose
/// templates are others everything anew.
async fn watch(
    app: App,
    action_type: String,
    token: Option<String>,
    teller: Arc<Teller>,
    client: consumer::Client,
) {
    while admission::is_still_admitted(&app, &action_type, token.as_deref()).await {
        if let Err(error) = teller.heed_templates().await {
            tracing::warn!(%error, "the templates could not be read: trying again");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    client.close(CloseCode::POLICY, "the token does not hold any more");
}

/// Makes a question for a translator.
pub(super) fn check(channel: &str, message: &Map<String, Value>) -> Value {
    json!({"type": "translator_check", "channel": channel, "message": message})
}
