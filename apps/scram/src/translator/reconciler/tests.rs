//! In virtual time, with a backend that can be taken away.

use super::*;
use crate::translator::backend::Memory;
use crate::translator::backend::memory::Condition;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep;

struct House {
    memory: Memory,
    shared: Arc<Shared>,
    reconciler: JoinHandle<()>,
}

impl House {
    fn new() -> House {
        let (memory, shared) = (Memory::default(), Shared::new(1_000));
        memory.keep_journal(1_000);
        let reconciler = Reconciler {
            backend: Arc::new(memory.clone()),
            shared: Arc::clone(&shared),
            defaults: Defaults::default(),
            compare_every: Duration::from_secs(60),
        };
        House { memory, shared, reconciler: tokio::spawn(reconciler.run()) }
    }

    fn add(&self, network: &str) {
        self.shared.change(|desired| desired.add(route(network))).unwrap();
    }

    fn remove(&self, network: &str) {
        self.shared.change(|desired| desired.remove(route(network).network)).unwrap();
    }

    /// Hears a whole replay.
    fn replay(&self, networks: &[&str]) {
        self.shared.change(|desired| desired.begin_replay(Value::Null));
        networks.iter().for_each(|network| self.add(network));
        self.shared.change(|desired| desired.end_replay(&Value::Null, None)).unwrap();
    }

    fn announced(&self) -> String {
        let networks: Vec<String> = self.memory.routes().keys().map(ToString::to_string).collect();
        networks.join(" ")
    }

    async fn after(&self, seconds: u64) -> String {
        sleep(Duration::from_secs(seconds)).await;
        self.announced()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.reconciler.abort();
    }
}

fn route(network: &str) -> Route {
    let network: Network = network.parse().unwrap();
    Route { network, attributes: Defaults::default().attributes(network.family()) }
}

#[tokio::test(start_paused = true)]
async fn what_is_wanted_is_announced_and_withdrawn_at_once() {
    let house = House::new();
    house.add("192.0.2.1");
    house.add("2001:db8::/32");
    sleep(Duration::from_millis(10)).await;
    assert_eq!(house.announced(), "192.0.2.1/32 2001:db8::/32");
    house.remove("192.0.2.1");
    sleep(Duration::from_millis(10)).await;
    assert_eq!(house.announced(), "2001:db8::/32");
    let statistics = &house.shared.statistics;
    assert_eq!(statistics.own(), Counts { v4: 0, v6: 1 });
    assert_eq!(statistics.table(), Counts { v4: 0, v6: 1 });
    assert_eq!(statistics.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_is_announced_already_is_not_announced_again() {
    let house = House::new();
    house.memory.plant(route("192.0.2.1"));
    house.add("192.0.2.1");
    house.add("192.0.2.2");
    house.after(200).await;
    house.add("192.0.2.2");
    house.after(200).await;
    assert_eq!(house.memory.take_journal(), ["+ 192.0.2.2/32"]);
}

#[tokio::test(start_paused = true)]
async fn a_restarted_gobgpd_is_told_everything_again_within_seconds() {
    let house = House::new();
    house.add("192.0.2.1");
    house.add("192.0.2.2");
    house.after(30).await;
    house.memory.restart();
    assert_eq!(house.announced(), "");
    assert_eq!(house.after(4).await, "192.0.2.1/32 192.0.2.2/32");
}

#[tokio::test(start_paused = true)]
async fn what_changes_while_gobgpd_is_away_is_done_when_it_is_back() {
    let house = House::new();
    house.add("192.0.2.1");
    house.add("192.0.2.2");
    house.after(1).await;
    house.memory.set_condition(Condition::Gone);
    house.after(10).await;
    house.remove("192.0.2.1");
    house.add("192.0.2.3");
    house.after(300).await;
    assert!(house.shared.statistics.last_error().is_some());
    assert!(!house.shared.statistics.backend_up.get());
    house.memory.set_condition(Condition::Well);
    assert_eq!(house.after(31).await, "192.0.2.2/32 192.0.2.3/32");
    assert_eq!(house.shared.statistics.last_error(), None);
}

#[tokio::test(start_paused = true)]
async fn a_gobgpd_that_hangs_is_noticed_and_told_everything_when_it_goes_on() {
    let house = House::new();
    house.add("192.0.2.1");
    house.after(1).await;
    house.memory.set_condition(Condition::Frozen);
    house.add("192.0.2.2");
    house.after(20).await;
    assert!(!house.shared.statistics.backend_up.get());
    house.memory.set_condition(Condition::Well);
    assert_eq!(house.after(40).await, "192.0.2.1/32 192.0.2.2/32");
}

#[tokio::test(start_paused = true)]
async fn a_ghost_of_an_earlier_run_is_withdrawn_once_all_that_is_wanted_is_known() {
    let house = House::new();
    house.memory.plant(route("192.0.2.9"));
    assert_eq!(house.after(300).await, "192.0.2.9/32", "nothing is known yet");
    house.shared.change(|desired| desired.begin_replay(Value::Null));
    house.add("192.0.2.1");
    house.after(300).await;
    house.shared.change(|desired| desired.abandon_replay());
    assert_eq!(house.after(300).await, "192.0.2.1/32 192.0.2.9/32", "the server was lost");
    house.replay(&["192.0.2.1"]);
    assert_eq!(house.after(1).await, "192.0.2.1/32");
}

#[tokio::test(start_paused = true)]
async fn routes_with_a_community_that_is_not_used_here_are_another_s() {
    let house = House::new();
    let mut foreign = route("192.0.2.9");
    foreign.attributes.community = 1;
    house.memory.plant(foreign);
    house.replay(&["192.0.2.1"]);
    assert_eq!(house.after(300).await, "192.0.2.1/32 192.0.2.9/32");
    house.remove("192.0.2.9");
    assert_eq!(house.after(1).await, "192.0.2.1/32", "the server names it");
}

#[tokio::test(start_paused = true)]
async fn a_route_that_vanished_or_was_changed_is_mended_within_a_minute() {
    let house = House::new();
    house.replay(&["192.0.2.1", "192.0.2.2"]);
    house.after(1).await;
    house.memory.uproot(route("192.0.2.1").network);
    let mut changed = route("192.0.2.2");
    changed.attributes.asn = 1;
    house.memory.plant(changed);
    assert_eq!(house.after(61).await, "192.0.2.1/32 192.0.2.2/32");
    assert_eq!(house.memory.routes()[&changed.network], route("192.0.2.2").attributes);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_gobgpd_refuses_keeps_no_other_from_being_announced() {
    let house = House::new();
    house.memory.refuse(route("192.0.2.2").network);
    ["192.0.2.1", "192.0.2.2", "192.0.2.3"].iter().for_each(|network| house.add(network));
    assert_eq!(house.after(1).await, "192.0.2.1/32 192.0.2.3/32");
    let error = house.shared.statistics.last_error().unwrap();
    assert_eq!(error, "gobgpd did not take 1 routes");
    house.after(300).await;
    assert!(house.shared.statistics.rejected.get() > 2, "it is tried again");
    house.remove("192.0.2.2");
    house.after(3).await;
    assert_eq!(house.shared.statistics.last_error(), None);
}

#[tokio::test(start_paused = true)]
async fn everything_is_withdrawn_where_the_server_says_so_also_what_came_while_gobgpd_was_away() {
    let house = House::new();
    house.replay(&["192.0.2.1", "2001:db8::/32"]);
    house.after(1).await;
    house.memory.set_condition(Condition::Gone);
    house.after(10).await;
    house.shared.change(|desired| desired.remove_all());
    house.add("192.0.2.7");
    house.memory.set_condition(Condition::Well);
    assert_eq!(house.after(40).await, "192.0.2.7/32");
}
