//! The servers that are measured.

use campanile_accounts::{HashCost, NewUser, Settings as AccountsSettings};
use campanile_broker::testing::{Folder, Postgres, Program, Server as Redis};
use campanile_digi::database;
use campanile_digi::ids::{Ids, Kind, keygen};
use campanile_digi::settings::Settings;
use campanile_digi::store::{Answer, Store};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A server with the conversations that it has.
pub(crate) struct Servers {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    /// Of each conversation the path of its WebSocket, and what the two show.
    pub(crate) conversations: Vec<(String, [Option<String>; 2])>,
    program: Program,
    // They end after it.
    _folder: Folder,
    _redis: Redis,
    _postgres: Postgres,
}

impl Servers {
    /// Starts DIGI, with people who talk.
    pub(crate) async fn digi(binary: &Path, conversations: usize) -> Servers {
        let (postgres, redis) = (Postgres::start(), Redis::redis());
        let (postgres, redis) = (postgres.expect("PostgreSQL"), redis.expect("Redis"));
        let (url, address, key) = (postgres.database("digi"), free(), keygen());
        let redis_url = redis.url_text(redis.port());
        let people = furnish(&url, &key, conversations).await;
        let folder = Folder::new("chat-load");
        let mut command = on_first_core(binary);
        command
            .arg("serve")
            .env("CHAT_FERNET_KEYS", key)
            .env("DIGI_LISTEN", address.to_string())
            .env("DIGI_DATABASE_URL", url)
            .env("DIGI_REDIS_URL", redis_url)
            .env("DIGI_CHANGES_PER_10_S_MAX", "10000")
            .env("DIGI_FRAMES_PER_10_S_MAX", "100000")
            .env("DIGI_LOG_FILTER", "warn");
        let program = Program::start(&mut command, folder.path());
        Servers::listening("DIGI", address, people, program, (folder, redis, postgres)).await
    }

    /// Starts a chat on Django Channels.
    pub(crate) async fn channels(python: &Path, conversations: usize) -> Servers {
        let (postgres, redis) = (Postgres::start(), Redis::redis());
        let (postgres, redis) = (postgres.expect("PostgreSQL"), redis.expect("Redis"));
        postgres.database("channels");
        let address = free();
        let script = "docs/benchmarks/peers/channels_chat.py";
        let folder = Folder::new("chat-load");
        let mut command = on_first_core(python);
        command.arg(script).arg(address.port().to_string());
        command.arg(redis.url_text(redis.port())).arg("127.0.0.1");
        command.arg(postgres.port().to_string()).args(["postgres", "channels"]);
        let program = Program::start(&mut command, folder.path());
        let people = (0..conversations).map(|room| (format!("/ws/chat/room{room}/"), [None, None]));
        let others = (folder, redis, postgres);
        let name = "Django Channels, daphne, channels_redis";
        Servers::listening(name, address, people.collect(), program, others).await
    }

    async fn listening(
        name: &'static str,
        address: SocketAddr,
        conversations: Vec<(String, [Option<String>; 2])>,
        mut program: Program,
        (folder, redis, postgres): (Folder, Redis, Postgres),
    ) -> Servers {
        for _ in 0..600 {
            assert!(!program.has_ended(), "{name} has ended");
            if TcpStream::connect(address).is_ok() {
                return Servers {
                    name,
                    address,
                    conversations,
                    program,
                    _folder: folder,
                    _redis: redis,
                    _postgres: postgres,
                };
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{name} does not listen");
    }

    /// Returns how much memory the server has.
    pub(crate) fn memory_bytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line
            .and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
            .expect("the system tells it");
        kib * 1024.0
    }
}

/// Makes people who talk, and returns the paths of their WebSockets and what they show.
async fn furnish(url: &str, key: &str, conversations: usize) -> Vec<(String, [Option<String>; 2])> {
    let settings = Settings::read(|name| (name == "CHAT_FERNET_KEYS").then(|| key.to_owned()));
    let limits = settings.expect("the defaults are good").limits;
    let database = database::open(url, 2).await.expect("the database opens");
    let store = Store::new(database, "chat_load", limits);
    let (reader, writer) = (store.database().read().clone(), store.database().writer().clone());
    let hash_cost = HashCost { memory_kib: 8, passes: 1, lanes: 1 };
    let settings = AccountsSettings { hash_cost, ..AccountsSettings::new("DIGI") };
    let accounts = campanile_accounts::Accounts::with_writer(reader, writer, settings);
    let accounts = accounts.expect("the settings are good");
    let ids = Ids::of_keys(key).expect("it is a key");
    let mut people = Vec::with_capacity(conversations);
    for number in 0..conversations {
        let (mut users, mut tokens) = ([0; 2], [None, None]);
        for side in 0..2 {
            let new = NewUser::new(format!("user{number}.{side}"), "seven ravens fly");
            let user = accounts.create_user(new).await.expect("a user is made");
            let token = accounts.token(user.id).await.expect("a token is made");
            (users[side], tokens[side]) = (user.id, Some(format!("Token {token}")));
        }
        let asked = store.request(users[0], users[1]).await.expect("it is asked for").conversation;
        store.answer(users[1], asked, Answer::Accept).await.expect("it is accepted");
        let row = store.membership(users[0], asked).await.expect("she is in it");
        let made = row.conversation().created.timestamp();
        let id = ids.encrypt(Kind::Conversation, asked, made);
        people.push((format!("/ws/chat/{id}/"), tokens));
    }
    store.database().clone().close().await.expect("the database closes");
    people
}

fn on_first_core(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    listener.local_addr().expect("it has an address")
}
