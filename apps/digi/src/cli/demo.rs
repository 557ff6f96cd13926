//! `digi demo`: a server with two people who talk, to try it out.

use super::serve;
use super::tools::Tools;
use crate::ids::keygen;
use crate::settings::Settings;
use crate::store::{Answer, NewMessage, Store};
use campanile_accounts::{NewUser, User};
use campanile_application::{Failure, Signals, Told, logging, write_out};
use clap::Args;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use tracing::info;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where browsers come in
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// The folder of its database and its key; it stays, for the next time
    #[arg(long, value_name = "FOLDER", default_value = "digi-demo")]
    folder: PathBuf,
}

pub(super) async fn run(arguments: &Arguments) -> Result<Told, Failure> {
    let folder = &arguments.folder;
    let failed = |error| Failure::usage(format!("{} cannot be used: {error}", folder.display()));
    // What people say is for nobody else on the machine either.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let keys = keys(&folder.join("fernet-keys")).map_err(failed)?;
    let settings = settings(arguments, &keys)?;
    logging::start(&settings.log_filter, settings.log_json);
    let mut signals = Signals::listen()?;
    let _held = serve::hold(&settings, "Or name another --folder, and another --listen.")?;
    let tools = Tools::of(&settings).await?;
    let passwords = furnish(&tools).await?;
    tools.close().await;
    let server = serve::start(settings).await?;
    write_out(&words(arguments, passwords.as_deref()))?;
    signals.wait().await;
    info!("told to end");
    server.shutdown().await;
    Ok(Told::nothing())
}

/// Returns the keys of this folder, which are made the first time.
fn keys(file: &Path) -> std::io::Result<String> {
    if let Ok(keys) = fs::read_to_string(file) {
        return Ok(keys.trim().to_owned());
    }
    let key = keygen();
    let mut made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    writeln!(made, "{key}")?;
    Ok(key)
}

/// The environment's settings count but for the address, the database and the keys.
fn settings(arguments: &Arguments, keys: &str) -> Result<Settings, Failure> {
    let database = format!("sqlite://{}", arguments.folder.join("digi.db").display());
    let settings = Settings::read(|name| match name {
        "DIGI_LISTEN" => Some(arguments.listen.to_string()),
        "DIGI_DATABASE_URL" => Some(database.clone()),
        "DIGI_REDIS_URL" => None,
        "CHAT_FERNET_KEYS" => Some(keys.to_owned()),
        _ => std::env::var(name).ok(),
    });
    settings.map_err(|error| Failure::usage(error.to_string()))
}

/// Who is there: a name to log in with, and what it wants to be called.
const PEOPLE: [(&str, &str); 2] = [("ann", "Ann Lindqvist"), ("bob", "Bob Okafor")];

/// What was said: by which of the two, and what.
const SAID: &[(usize, &str)] = &[
    (0, "Hi Bob! Are you at the allotment today?"),
    (1, "Not yet, around four. Why?"),
    (0, "The blue watering can is leaking again. Could you bring the sealant?"),
    (1, "Sure. Is it the seam or the handle this time?"),
    (0, "The seam, right where we mended it in spring 🙈"),
    (1, "Then I'll bring the epoxy as well. The sealant alone won't hold."),
    (0, "Perfect. I'll make tea."),
    (1, "By the way, the tool library has a soil tester now: https://example.org/soil"),
    (0, "Oh nice! Let's do the bean bed first, it looked pale last week."),
    (1, "Deal. See you at four!"),
];

/// Makes the people and their conversation, the first time. Returns their passwords, which are shown
/// then and never again.
async fn furnish(tools: &Tools) -> Result<Option<Vec<String>>, Failure> {
    if tools.accounts.user_count().await? > 0 {
        return Ok(None);
    }
    let mut users: Vec<User> = Vec::new();
    let mut passwords = Vec::new();
    for (username, name) in PEOPLE {
        let password = keygen().chars().filter(char::is_ascii_alphanumeric).take(12).collect();
        let new = NewUser::new(username, String::clone(&password));
        users.push(tools.accounts.create_user(NewUser { name: name.to_owned(), ..new }).await?);
        passwords.push(password);
    }
    let talked = talk(&tools.store, [users[0].id, users[1].id]).await;
    talked.map_err(|error| Failure::of(format!("the conversation was not made: {error}")))?;
    Ok(Some(passwords))
}

async fn talk(store: &Store, people: [i64; 2]) -> Result<(), Box<dyn std::error::Error>> {
    let requested = store.request(people[0], people[1]).await?;
    store.answer(people[1], requested.conversation, Answer::Accept).await?;
    let mut last = None;
    for (who, text) in SAID {
        let by = store.membership(people[*who], requested.conversation).await?;
        let new = NewMessage { body: (*text).to_owned(), client_id: None };
        let message = store.add(&by, &new).await?.message;
        if *who == 1 {
            last = Some(message.id);
        } else if text.contains("tea") {
            store.edit(&by, message.id, "Perfect. I'll make tea, and there is cake.").await?;
        }
    }
    if let Some(last) = last {
        let ann = store.membership(people[0], requested.conversation).await?;
        store.mark_read(&ann, last).await?;
    }
    Ok(())
}

fn words(arguments: &Arguments, passwords: Option<&[String]>) -> String {
    let mut words = format!("\n  DIGI is at http://{}/\n\n", arguments.listen);
    match passwords {
        Some(passwords) => {
            for ((username, _), password) in PEOPLE.iter().zip(passwords) {
                words.push_str(&format!("  log in as {username} with the password {password}\n"));
            }
            words.push_str(
                "\n  The passwords are shown this once. Open it in two browsers, or in one and in \
                 a private\n  window; anybody may register besides.\n",
            );
        }
        None => words.push_str("  ann and bob are there, with the passwords of the first time.\n"),
    }
    let folder = arguments.folder.display();
    words.push_str(&format!("  Data and the key of links are in {folder}. Ctrl-C ends it.\n\n"));
    words
}
