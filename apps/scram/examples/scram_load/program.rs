//! The server, in a process of its own, and what it and PostgreSQL have used.

use crate::Outcome;
use campanile_accounts::NewUser;
use campanile_scram::app::App;
use campanile_scram::database::{self, Database};
use campanile_scram::settings::Settings;
use campanile_scram::store::Store;
use sea_orm::{ConnectionTrait, DbBackend};
use std::fs::read_to_string;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The server, which ends with this.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    /// A superuser's.
    pub(crate) token: String,
}

impl Program {
    pub(crate) async fn start(url: &str) -> Outcome<Program> {
        let token = token(url).await?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let own = std::env::current_exe()?;
        let folder = own.parent().and_then(|examples| examples.parent()).ok_or("no folder")?;
        let child = Command::new(folder.join("scram"))
            .arg("serve")
            .env("SCRAM_LISTEN", address.to_string())
            .env("SCRAM_DATABASE_URL", url)
            .env("SCRAM_TRANSLATOR_AUTH", "open")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let program = Program { child, address, token };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(address).is_err() {
            if Instant::now() > deadline {
                return Err("the server does not start".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(program)
    }

    /// Returns a line of its status, in MiB.
    pub(crate) fn memory(&self, name: &str) -> Outcome<u64> {
        let status = read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
        let kilobytes = line.trim_matches(|it: char| !it.is_ascii_digit()).parse::<u64>()?;
        Ok(kilobytes / 1024)
    }

    /// Returns for how many seconds it has run on a core.
    pub(crate) fn cpu(&self) -> f64 {
        stat(self.child.id()).map_or(0.0, |stat| stat.own)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn token(url: &str) -> Outcome<String> {
    let settings = Settings::read(|name| (name == "SCRAM_DATABASE_URL").then(|| url.to_owned()))?;
    let database = database::open(url, 2).await?;
    let store = Store::new(database.clone(), &settings.hostname, settings.limits);
    let accounts = App::accounts(&store, &settings)?;
    let new = NewUser { is_superuser: true, ..NewUser::new("ada", "seven ravens fly") };
    let user = accounts.create_user(new).await?;
    let token = accounts.token(user.id).await?;
    database.close().await?;
    Ok(token)
}

/// The processes of a PostgreSQL on this machine.
pub(crate) struct Postgres(Option<u32>);

impl Postgres {
    /// Finds the one that answers here, if it is one.
    pub(crate) async fn of(database: &Database) -> Outcome<Postgres> {
        if database.backend() != DbBackend::Postgres {
            return Ok(Postgres(None));
        }
        let question = "SELECT pg_backend_pid()".to_owned();
        let question = sea_orm::Statement::from_string(DbBackend::Postgres, question);
        let row = database.read().query_one_raw(question).await?.ok_or("it has no answer")?;
        let backend: i32 = row.try_get_by_index(0)?;
        let stat = u32::try_from(backend).ok().and_then(stat);
        Ok(Postgres(stat.map(|stat| stat.parent)))
    }

    /// Returns for how many seconds all of them have run on a core, also those that have ended.
    pub(crate) fn cpu(&self) -> f64 {
        let Some(first) = self.0 else { return 0.0 };
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let children = numbers.filter_map(stat).filter(|stat| stat.parent == first);
        let ended = stat(first).map_or(0.0, |stat| stat.own + stat.ended);
        ended + children.map(|stat| stat.own).sum::<f64>()
    }
}

/// A process's parent, and for how many seconds it and its children that have ended ran on a core.
struct Stat {
    parent: u32,
    own: f64,
    ended: f64,
}

fn stat(process: u32) -> Option<Stat> {
    let text = read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: (ticks(11)? + ticks(12)?) / 100.0,
        ended: (ticks(13)? + ticks(14)?) / 100.0,
    })
}
