//! `scram template`: what translators are told.

use super::ignore::network;
use super::nearest::unknown;
use super::told::{Failure, Told, table};
use super::tools::Tools;
use crate::cidr::Network;
use crate::entities::message;
use crate::store::ChangeError;
use crate::store::templates::{NewMessage, Verb};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a template of a frame
    Add(Message),
    /// Replace a template
    Change {
        /// Its number
        template: i64,
        #[command(flatten)]
        message: Message,
    },
    /// Show all templates and their places
    List,
    /// Give a template a place: for which action type and verb, in which order
    Place {
        /// The template's number
        template: i64,
        /// The action type
        action_type: String,
        /// When the frame is sent; without one of its own, a removal says what adds say
        #[arg(long, value_enum, default_value = "add")]
        verb: When,
        /// Lower ones go first
        #[arg(long, default_value_t = 0)]
        order: i16,
    },
    /// Take a place away
    Displace {
        /// The place's number
        place: i64,
    },
    /// Remove a template with all its places
    Remove {
        /// Its number
        template: i64,
    },
    /// Show the frames that translators of an action type get
    Preview {
        /// The action type
        action_type: String,
        /// Of which network
        #[arg(default_value = "192.0.2.4")]
        network: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Message {
    /// The frame's type, such as translator_add
    msg_type: String,
    /// What its message holds besides the route: a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    data: String,
    /// Which key of it takes the route
    #[arg(long, value_name = "KEY", default_value = "route")]
    route_field: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum When {
    /// An entry is active
    Add,
    /// A browser asks whether it is announced
    Check,
    /// An entry is not active any more
    Remove,
}

pub(super) async fn run(tools: &Tools, command: Command) -> Result<Told, Failure> {
    match command {
        Command::Add(message) => write(tools, None, message).await,
        Command::Change { template, message } => write(tools, Some(template), message).await,
        Command::List => list(tools).await,
        Command::Place { template, action_type, verb, order } => {
            place(tools, template, &action_type, verb, order).await
        }
        Command::Displace { place } => {
            let removed = tools.store.remove_sequence_element(place).await;
            removed.map_err(|error| not_there(error, "place", place))?;
            Ok(Told::new(format!("place {place} is taken away"), json!({ "place": place })))
        }
        Command::Remove { template } => {
            let removed = tools.store.remove_message(template).await;
            removed.map_err(|error| not_there(error, "template", template))?;
            Ok(Told::new(
                format!("template {template} is removed"),
                json!({ "template": template }),
            ))
        }
        Command::Preview { action_type, network } => {
            preview(tools, &action_type, &self::network(&network)?).await
        }
    }
}

async fn write(tools: &Tools, id: Option<i64>, message: Message) -> Result<Told, Failure> {
    let row = tools.store.write_message(id, message.checked()?).await;
    let row = row.map_err(|error| not_there(error, "template", id.unwrap_or_default()))?;
    let text = match id {
        Some(id) => format!("template {id} is changed"),
        None => format!(
            "template {0} is added. It says nothing until it has a place: \
             `scram template place {0} ACTION_TYPE` gives it one.",
            row.id
        ),
    };
    Ok(Told::new(text, object(&row)))
}

async fn list(tools: &Tools) -> Result<Told, Failure> {
    let messages = tools.store.messages().await?;
    let names = tools.store.action_types().await?;
    let name = |id| names.iter().find(|row| row.id == id).map_or("?", |row| row.name.as_str());
    let (mut rows, mut places) = (Vec::new(), Vec::new());
    for place in tools.store.sequence_elements().await? {
        let action_type = name(place.action_type_id);
        let cells = [place.id.to_string(), action_type.to_owned(), place.verb.clone()];
        let order = [place.order_num.to_string(), place.message_id.to_string()];
        rows.push(cells.into_iter().chain(order).collect());
        places.push(json!({
            "place": place.id, "action_type": action_type, "verb": place.verb,
            "order": place.order_num, "template": place.message_id,
        }));
    }
    let cells: Vec<_> = messages
        .iter()
        .map(|row| {
            let data = row.msg_data.to_string();
            vec![row.id.to_string(), row.msg_type.clone(), row.msg_data_route_field.clone(), data]
        })
        .collect();
    let templates =
        table(&["template", "type", "route in", "data"], &cells, "There is no template.");
    let columns = ["place", "action type", "verb", "order", "template"];
    let text = format!("{templates}\n\n{}", table(&columns, &rows, "No template has a place."));
    let templates: Vec<_> = messages.iter().map(object).collect();
    Ok(Told::new(text, json!({ "templates": templates, "places": places })))
}

async fn place(
    tools: &Tools,
    template: i64,
    action_type: &str,
    when: When,
    order: i16,
) -> Result<Told, Failure> {
    let number = tools.action_type(action_type).await?.id;
    let placed = tools.store.place_message(template, number, when.verb(), order).await;
    let placed = placed.map_err(|error| match error {
        ChangeError::Duplicate(_) => Failure::of(format!(
            "Template {template} has this place already. `scram template list` shows all."
        )),
        other => not_there(other, "template", template),
    })?;
    let text = format!(
        "template {template} has place {} in {action_type}. `scram template preview {action_type}` \
         shows what translators get from now on.",
        placed.id
    );
    Ok(Told::new(text, json!({ "place": placed.id, "template": template })))
}

async fn preview(tools: &Tools, action_type: &str, network: &Network) -> Result<Told, Failure> {
    let number = tools.action_type(action_type).await?.id;
    let templates = tools.store.templates(number).await?;
    let lines = |frames: &[crate::store::templates::Frame]| {
        let lines = frames.iter().map(|frame| {
            let text = serde_json::to_string(frame).expect("a frame is JSON");
            format!("  {text}\n")
        });
        if frames.is_empty() { "  nothing\n".to_owned() } else { lines.collect() }
    };
    let (add, remove) = (templates.add_frames(network), templates.remove_frames(network));
    let asked = Map::from_iter([("route".to_owned(), Value::String(network.to_string()))]);
    let check = templates.check_messages(network, &asked);
    let checks: String = check.iter().map(|message| format!("  {}\n", json!(message))).collect();
    let text = format!(
        "when {network} is added:\n{}when it is removed:\n{}when a browser asks, in translator_check:\n{checks}",
        lines(&add),
        lines(&remove)
    );
    Ok(Told::new(text, json!({ "add": add, "remove": remove, "check": check })))
}

fn not_there(error: ChangeError, what: &str, number: i64) -> Failure {
    match error {
        ChangeError::NotFound => unknown(what, &number.to_string(), [], "scram template list"),
        other => other.into(),
    }
}

fn object(row: &message::Model) -> Value {
    json!({
        "template": row.id, "msg_type": row.msg_type, "msg_data": row.msg_data,
        "msg_data_route_field": row.msg_data_route_field,
    })
}

impl Message {
    /// What fits into the columns.
    fn checked(self) -> Result<NewMessage, Failure> {
        let fits = |text: &str, max| (1..=max).contains(&text.chars().count());
        if !fits(&self.msg_type, 50) {
            return Err(Failure::usage("a frame's type has 1 to 50 characters"));
        }
        if !fits(&self.route_field, 25) {
            return Err(Failure::usage("--route-field has 1 to 25 characters"));
        }
        let msg_data = serde_json::from_str(&self.data).map_err(|error| {
            Failure::usage(format!(
                "--data is not a JSON object such as '{{\"asn\": 65550}}': {error}"
            ))
        })?;
        Ok(NewMessage { msg_type: self.msg_type, msg_data, msg_data_route_field: self.route_field })
    }
}

impl When {
    fn verb(self) -> Verb {
        match self {
            When::Add => Verb::Add,
            When::Check => Verb::Check,
            When::Remove => Verb::Remove,
        }
    }
}
