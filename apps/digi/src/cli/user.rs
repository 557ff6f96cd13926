//! `digi user`: people who log in.

use crate::app::App;
use crate::database;
use crate::settings::Settings;
use campanile_accounts::NewUser;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a user; the password is the first line of standard input
    Add {
        /// The name to log in with
        name: String,
        /// Read the password from the first line of standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

pub(super) async fn run(command: Command) -> Result<(), String> {
    let Command::Add { name, .. } = command;
    let settings = Settings::from_environment().map_err(|error| error.to_string())?;
    let opened = database::open(settings.database_url.reveal(), 2).await;
    let opened = opened.map_err(|error| error.to_string())?;
    let accounts = App::accounts(&opened, &settings).map_err(|error| error.to_string())?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| error.to_string())?;
    let new = NewUser::new(name, line.trim_end());
    accounts.create_user(new).await.map(drop).map_err(|error| error.to_string())
}
