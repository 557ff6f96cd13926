//! `digi user`, `digi token`: people who log in.

use super::tools::Tools;
use campanile_accounts::{NewUser, User};
use campanile_application::{Failure, FromStdin, Told, table};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a user
    Add {
        /// The name to log in with
        name: String,
        /// It may see /metrics from other machines
        #[arg(long)]
        superuser: bool,
        /// What it wants to be called
        #[arg(long, value_name = "TEXT", default_value = "")]
        full_name: String,
        #[command(flatten)]
        password: FromStdin,
    },
    /// Show all users
    List,
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
    /// Keep a user from logging in; its sessions, sockets and token end, its messages stay
    Deactivate {
        /// Who
        name: String,
    },
}

pub(super) async fn run(tools: &Tools, command: Command) -> Result<Told, Failure> {
    match command {
        Command::Add { name, superuser, full_name, password } => {
            let new = NewUser::new(name, password.read()?);
            let new = NewUser { name: full_name, is_superuser: superuser, ..new };
            let user = tools.accounts.create_user(new).await?;
            Ok(told(&user, "is added"))
        }
        Command::List => list(tools).await,
        Command::Password { name, password } => {
            let user = tools.user(&name).await?;
            tools.accounts.set_password(&user, password.read()?, None).await?;
            Ok(told(&user, "has another password; its sessions have ended"))
        }
        Command::Activate { name } => set_active(tools, &name, true).await,
        Command::Deactivate { name } => set_active(tools, &name, false).await,
    }
}

/// Shows a user's token, or takes it back.
pub(super) async fn token(tools: &Tools, name: &str, remove: bool) -> Result<Told, Failure> {
    let user = tools.user(name).await?;
    let username = &user.username;
    if remove {
        tools.accounts.remove_token(user.id).await?;
        let text = format!("the token of {username} is taken back");
        return Ok(Told::new(text, json!({ "username": username, "token": null })));
    }
    if !user.is_active {
        let message = format!("{username} may not log in, and a token would be refused.");
        return Err(Failure::of(message));
    }
    let token = tools.accounts.token(user.id).await?;
    // The token alone, so that a script can take it as it is.
    Ok(Told::new(token.clone(), json!({ "username": username, "token": token })))
}

async fn list(tools: &Tools) -> Result<Told, Failure> {
    let users = tools.accounts.users(0, i64::MAX.unsigned_abs()).await?;
    let state = |user: &User| if user.is_active { "active" } else { "inactive" };
    let row = |user: &User| vec![user.username.clone(), state(user).to_owned(), user.name.clone()];
    let rows: Vec<_> = users.iter().map(row).collect();
    let text = table(&["user", "state", "name"], &rows, "There is no user.");
    Ok(Told::new(text, json!({ "users": users.iter().map(object).collect::<Vec<_>>() })))
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

fn object(user: &User) -> Value {
    json!({
        "username": user.username, "name": user.name, "is_superuser": user.is_superuser,
        "is_active": user.is_active,
    })
}
