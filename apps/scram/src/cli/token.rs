//! `scram token`: by which a user's programs are known.

use super::told::{Failure, Told};
use super::tools::Tools;
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Whose
    name: String,
    /// Take it back: whoever comes with it is refused, and the next is another
    #[arg(long)]
    remove: bool,
}

pub(super) async fn run(tools: &Tools, arguments: &Arguments) -> Result<Told, Failure> {
    let user = tools.user(&arguments.name).await?;
    let username = &user.username;
    if arguments.remove {
        tools.accounts.remove_token(user.id).await?;
        let text = format!("the token of {username} is taken back");
        return Ok(Told::new(text, json!({ "username": username, "token": null })));
    }
    if !user.is_active {
        let message = format!(
            "{username} may not log in, and a token would be refused. \
             `scram user activate {username}` lets it."
        );
        return Err(Failure::of(message));
    }
    let token = tools.accounts.token(user.id).await?;
    // The token alone, so that a script can take it as it is.
    Ok(Told::new(token.clone(), json!({ "username": username, "token": token })))
}
