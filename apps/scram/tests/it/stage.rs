//! A server that runs, and the people it knows: one of each kind, with tokens.

use crate::world::World;
use campanile_accounts::NewUser;
use campanile_scram::app::{App, READONLY, READWRITE};
use campanile_scram::server::Server;
use campanile_scram::settings::Settings;
use std::net::SocketAddr;

/// A server in this process. Its people are `ada` (superuser), `bob` (readwrite), `cleo` (readonly)
/// and `dan` (no group); the password of each is [`PASSWORD`].
pub(crate) struct Stage {
    server: Server,
    // It ends after the server.
    _world: World,
}

pub(crate) const PASSWORD: &str = "seven ravens fly";

impl Stage {
    /// Starts a server with these variables set, on the database of a world.
    pub(crate) async fn start(world: World, variables: &[(&str, &str)]) -> Stage {
        let server = serve(&world.url, variables).await;
        let people = [("ada", true, None), ("bob", false, Some(READWRITE))];
        let others = [("cleo", false, Some(READONLY)), ("dan", false, None)];
        for (name, is_superuser, group) in people.into_iter().chain(others) {
            let groups = group.into_iter().map(str::to_owned).collect();
            let new = NewUser { is_superuser, groups, ..NewUser::new(name, PASSWORD) };
            server.app().accounts.create_user(new).await.expect("a user is made");
        }
        Stage { server, _world: world }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn app(&self) -> &App {
        self.server.app()
    }

    /// Ends the server as SIGTERM does.
    pub(crate) async fn end(self) {
        self.server.shutdown().await;
    }

    /// The token of a user, as `Authorization: Token …` has it.
    pub(crate) async fn token(&self, name: &str) -> String {
        let accounts = &self.app().accounts;
        let user = accounts.user(name).await.expect("the database answers");
        accounts.token(user.expect("the user is there").id).await.expect("a token is made")
    }
}

/// Starts a server on a database, at any free port, with these variables set.
pub(crate) async fn serve(url: &str, variables: &[(&str, &str)]) -> Server {
    let settings = Settings::read(|name| match name {
        "SCRAM_LISTEN" => Some("127.0.0.1:0".to_owned()),
        "SCRAM_DATABASE_URL" => Some(url.to_owned()),
        _ => variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()),
    });
    Server::start(settings.expect("the settings are good")).await.expect("the server starts")
}
