//! A browser's socket: it asks whether networks are announced, and every translator answers for
//! itself.

use super::asked::{Asked, random_name};
use super::events::{BrowserEvent, TranslatorEvent};
use super::frame::{Frame, Malformed};
use super::pace::Pace;
use crate::app::{App, may_view, require_view};
use crate::cidr::Network;
use crate::dispatch::group_of;
use crate::store::action_types::is_name;
use crate::store::templates::Templates;
use crate::translators::Counters;
use axum::extract::State;
use campanile_accounts::{LoggedIn, Problem};
use campanile_consumer::{
    Accept, Close, CloseCode, Consumer, Context, Invalid, Json, Refusal, Scope,
};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// One browser.
pub(super) struct Browser {
    app: App,
    /// The number of its action type.
    action_type: i64,
    group: String,
    /// What it has asked, by the name under which translators were asked.
    asked: Asked<Map<String, Value>>,
    pace: Pace,
    templates: Option<(Templates, Instant)>,
}

/// How many questions may be under way.
const QUESTIONS_MAX: usize = 5_000;

/// How many questions may come at once, and each second afterwards: a page of 1,000 entries asks for
/// all of them.
const QUESTIONS: (u32, u32) = (1_200, 50);

/// How long a question may be.
const FRAME_BYTES_MAX: usize = 4_096;

/// How long templates hold before they are read again.
const TEMPLATES_HOLD: Duration = Duration::from_secs(10);

/// How often is asked whether the user may still see entries.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// The code by which a browser learns that it is to log in again.
const SESSION_ENDED: u16 = 4401;

impl Consumer for Browser {
    type User = (State<App>, LoggedIn);
    type Request = String;
    type Event = BrowserEvent;

    async fn connect(
        scope: Scope<Self::User>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        let (State(app), logged_in) = &scope.user;
        require_view(&logged_in.user).map_err(Refusal::new)?;
        let name = scope.param("action_type")?;
        let found = match is_name(name) {
            true => app.store.action_type(name).await,
            false => Ok(None),
        };
        let found = found.map_err(|error| Refusal::new(Problem::from(error)))?;
        let action_type = found.ok_or_else(|| Refusal::new(Problem::NotFound))?;
        watch(app, logged_in, context)?;
        Ok(Accept::new(Browser {
            app: app.clone(),
            action_type: action_type.id,
            group: group_of(&action_type.name),
            asked: Asked::new(QUESTIONS_MAX),
            pace: Pace::new(QUESTIONS.0, QUESTIONS.1),
            templates: None,
        }))
    }

    async fn receive(&mut self, text: String, context: &mut Context<Self>) -> Result<(), Close> {
        if text.len() > FRAME_BYTES_MAX {
            self.counters().flooding.one_more();
            return Err(Close::new(CloseCode::TOO_BIG, "a frame has 4096 bytes at most"));
        }
        if !self.pace.allows_one() {
            self.counters().flooding.one_more();
            return Err(Close::new(CloseCode::POLICY, "that is too much"));
        }
        let question = Frame::read(&text).and_then(|frame| Question::read(&frame));
        match question {
            Ok(Some(question)) => self.ask(&question, context).await,
            Ok(None) => Ok(()),
            Err(malformed) => {
                self.counters().malformed.one_more();
                Err(malformed.into())
            }
        }
    }

    async fn event(
        &mut self,
        event: BrowserEvent,
        context: &mut Context<Self>,
    ) -> Result<(), Close> {
        let BrowserEvent::Answer { channel, is_blocked, translator_name, error } = event;
        let Some(asked) = self.asked.get(&channel) else { return Ok(()) };
        let mut message = asked.clone();
        message.insert("is_blocked".to_owned(), is_blocked.into());
        message.insert("translator_name".to_owned(), translator_name.into());
        message.extend(error.map(|error| ("error".to_owned(), error.into())));
        self.counters().checks_answered.one_more();
        context.send(Json(json!({"type": "wui_check_resp", "message": message}))).await?;
        Ok(())
    }

    async fn invalid(&mut self, invalid: Invalid, _: &mut Context<Self>) -> Result<(), Close> {
        self.counters().malformed.one_more();
        Err(Close::new(invalid.close_code(), invalid.to_string()))
    }
}

/// What a browser wants to know.
struct Question {
    network: Network,
    message: Map<String, Value>,
}

impl Question {
    /// Reads a question; none if the frame is something else, of which nothing comes.
    fn read(frame: &Frame) -> Result<Option<Question>, Malformed> {
        if frame.kind() != "wui_check_req" {
            return Ok(None);
        }
        let message = frame.message()?.clone();
        let route = message.get("route").and_then(Value::as_str);
        let network = route.and_then(|route| Network::parse_lenient(route).ok());
        let network = network.ok_or(Malformed::wrong("route is a network"))?;
        Ok(Some(Question { network, message }))
    }
}

impl Browser {
    /// Passes a question on to all translators, wherever they are.
    async fn ask(
        &mut self,
        question: &Question,
        context: &mut Context<Browser>,
    ) -> Result<(), Close> {
        let messages = match self.templates().await {
            Ok(templates) => templates.check_messages(&question.network, &question.message),
            Err(error) => {
                tracing::warn!(%error, "a check is not passed on");
                return Ok(());
            }
        };
        self.counters().checks.one_more();
        for message in messages {
            let channel = random_name();
            if !self.asked.ask(channel.clone(), question.message.clone()) {
                break;
            }
            let asker = context.channel_name().to_owned();
            let event = TranslatorEvent::Check { channel, asker, message };
            if let Err(error) = context.group_send(&self.group, &event).await {
                tracing::debug!(%error, "a check is not passed on");
            }
        }
        Ok(())
    }

    async fn templates(&mut self) -> Result<&Templates, sea_orm::DbErr> {
        let holds = |(_, read): &(Templates, Instant)| read.elapsed() < TEMPLATES_HOLD;
        let held = self.templates.take().filter(holds);
        let held = match held {
            Some(held) => held,
            None => (self.app.store.templates(self.action_type).await?, Instant::now()),
        };
        Ok(&self.templates.insert(held).0)
    }

    fn counters(&self) -> &Counters {
        self.app.translators.counters()
    }
}

/// Closes the connection when the session ends, or the user may see entries no more.
fn watch(app: &App, logged_in: &LoggedIn, context: &mut Context<Browser>) -> Result<(), Refusal> {
    let LoggedIn { user, ended, .. } = logged_in.clone();
    let (accounts, client) = (app.accounts.clone(), context.client());
    let watching = async move {
        let loses_right = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                // While the database fails, it is as it was.
                let Ok(found) = accounts.user_by_id(user.id).await else { continue };
                if !found.is_some_and(|user| user.is_active && may_view(&user)) {
                    return;
                }
            }
        };
        tokio::select! {
            () = ended.wait() => {}
            () = loses_right => {}
        }
        client.close(CloseCode::of_application(SESSION_ENDED), "log in again");
    };
    context.spawn(watching).map_err(|_| Refusal::forbidden())
}
