//! `scram user`: people who log in.

use super::told::{Failure, FromStdin, Told, table};
use super::tools::Tools;
use crate::app::{READONLY, READWRITE};
use campanile_accounts::{NewUser, User};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a user
    Add(Add),
    /// Show all users
    List,
    /// Change what a user may do and is called; where that differs, its sessions end
    Change(Change),
    /// Give a user another password; its sessions end, and its token is another
    Password {
        /// Whose
        name: String,
        #[command(flatten)]
        password: FromStdin,
    },
    /// Let a user log in again
    Activate {
        /// Who
        name: String,
    },
    /// Keep a user from logging in; its sessions and its token end
    Deactivate {
        /// Who
        name: String,
    },
    /// Remove a user; what it did keeps its name
    Remove {
        /// Who
        name: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// The name to log in with
    name: String,
    /// It may do everything
    #[arg(long)]
    superuser: bool,
    /// A group: readonly sees entries, readwrite adds and removes them too
    #[arg(long = "group", value_name = "GROUP", value_parser = [READONLY, READWRITE])]
    groups: Vec<String>,
    /// What it wants to be called
    #[arg(long, value_name = "TEXT", default_value = "")]
    full_name: String,
    /// Its address
    #[arg(long, value_name = "ADDRESS", default_value = "")]
    email: String,
    #[command(flatten)]
    password: FromStdin,
}

#[derive(Debug, Args)]
pub(super) struct Change {
    /// Who
    name: String,
    /// It may do everything
    #[arg(long, conflicts_with = "no_superuser")]
    superuser: bool,
    /// It may no longer do everything
    #[arg(long)]
    no_superuser: bool,
    /// The groups that it is in, in place of those it was in
    #[arg(long = "group", value_name = "GROUP", value_parser = [READONLY, READWRITE])]
    groups: Vec<String>,
    /// It is in no group
    #[arg(long, conflicts_with = "groups")]
    no_groups: bool,
    /// What it wants to be called
    #[arg(long, value_name = "TEXT")]
    full_name: Option<String>,
    /// Its address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
}

pub(super) async fn run(tools: &Tools, command: Command) -> Result<Told, Failure> {
    match command {
        Command::Add(add) => self::add(tools, add).await,
        Command::List => list(tools).await,
        Command::Change(change) => self::change(tools, change).await,
        Command::Password { name, password } => {
            let user = tools.user(&name).await?;
            tools.accounts.set_password(&user, password.read()?, None).await?;
            Ok(told(&user, "has another password; its sessions have ended"))
        }
        Command::Activate { name } => set_active(tools, &name, true).await,
        Command::Deactivate { name } => set_active(tools, &name, false).await,
        Command::Remove { name } => {
            let user = tools.user(&name).await?;
            tools.accounts.remove_user(user.id).await?;
            Ok(told(&user, "is removed"))
        }
    }
}

async fn add(tools: &Tools, add: Add) -> Result<Told, Failure> {
    let new = NewUser {
        name: add.full_name,
        email: add.email,
        groups: add.groups,
        is_superuser: add.superuser,
        ..NewUser::new(add.name, add.password.read()?)
    };
    let user = tools.accounts.create_user(new).await?;
    Ok(told(&user, &format!("is added: {}", may(&user))))
}

async fn list(tools: &Tools) -> Result<Told, Failure> {
    let users = tools.users().await?;
    let rows: Vec<_> = users
        .iter()
        .map(|user| {
            let state = if user.is_active { "active" } else { "inactive" };
            let texts = [&user.username, &may(user), state, &user.name, &user.email];
            texts.map(ToOwned::to_owned).map(String::from).to_vec()
        })
        .collect();
    let text = table(&["user", "may", "state", "name", "email"], &rows, "There is no user.");
    Ok(Told::new(text, json!({ "users": users.iter().map(object).collect::<Vec<_>>() })))
}

async fn change(tools: &Tools, change: Change) -> Result<Told, Failure> {
    let mut user = tools.user(&change.name).await?;
    user.is_superuser = (user.is_superuser || change.superuser) && !change.no_superuser;
    if change.no_groups || !change.groups.is_empty() {
        user.groups = change.groups;
    }
    user.name = change.full_name.unwrap_or(user.name);
    user.email = change.email.unwrap_or(user.email);
    tools.accounts.change_user(&user).await?;
    Ok(told(&user, &format!("is changed: {}", may(&user))))
}

async fn set_active(tools: &Tools, name: &str, is_active: bool) -> Result<Told, Failure> {
    let user = User { is_active, ..tools.user(name).await? };
    tools.accounts.change_user(&user).await?;
    let done =
        if is_active { "may log in" } else { "may no longer log in; its sessions have ended" };
    Ok(told(&user, done))
}

fn told(user: &User, done: &str) -> Told {
    Told::new(format!("user {} {done}", user.username), object(user))
}

fn may(user: &User) -> String {
    let groups = user.groups.join(", ");
    match (user.is_superuser, groups.is_empty()) {
        (true, true) => "superuser".to_owned(),
        (true, false) => format!("superuser, {groups}"),
        (false, true) => "nothing".to_owned(),
        (false, false) => groups,
    }
}

fn object(user: &User) -> Value {
    json!({
        "username": user.username, "name": user.name, "email": user.email, "groups": user.groups,
        "is_superuser": user.is_superuser, "is_active": user.is_active,
    })
}
