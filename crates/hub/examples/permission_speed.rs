//! Measures the hub: a check by permissions, a delivery by publications, a subscription's memory.
//!
//! ```text
//! cargo run --release -p campanile-hub --example permission_speed
//! ```
//!
//! Each time is the best of several runs, since a machine is disturbed only towards slower.
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use campanile_hub::{Hub, Limits, Match, Permissions, PermissionsPool, RequestId, Room};

const RUNS: usize = 9;

fn main() {
    checks();
    publications();
    patterns();
    ends();
    growth();
    memory();
}

fn checks() {
    println!("a check, by number of allowed rooms: room without a star, under a star, refused");
    for count in [1, 4, 10, 1_000, 100_000] {
        let (built, permissions) = best(3, || allowed_rooms(count));
        let [exact, starred, refused] =
            [("house", 1), ("animal", 0), ("keeper", 0)].map(|(key, odd)| {
                let pair = |n: usize| n * 7_919 % (count / 2).max(1);
                let asked =
                    |n| room(&format!(r#"{{"zoo":{},"{key}":"penguin"}}"#, 2 * pair(n) + odd));
                let asked: Vec<Room> = (0..1_000).map(asked).collect();
                let check = || asked.iter().filter(|room| permissions.allows(room)).count();
                best(RUNS, check).0.as_nanos() as f64 / asked.len() as f64
            });
        println!(
            "  {count:>7}: {exact:6.0} {starred:6.0} {refused:6.0} ns; read and indexed in {:.2} ms",
            built.as_secs_f64() * 1e3
        );
    }
    let json = r#"{"zoo": 1, "animal": "penguin"}"#;
    let (time, ()) = best(RUNS, || {
        for _ in 0..1_000 {
            black_box(Room::parse(black_box(json)).is_ok());
        }
    });
    println!("  and reading a room {:.0} ns", time.as_nanos() as f64 / 1e3);
}

/// One in two with a star.
fn allowed_rooms(count: usize) -> Permissions {
    let room = |n: usize| match n % 2 {
        0 => format!(r#"{{"zoo":{n},"animal":"*"}}"#),
        _ => format!(r#"{{"zoo":{n},"house":"penguin"}}"#),
    };
    let list = format!("[{}]", (0..count).map(room).collect::<Vec<_>>().join(","));
    Permissions::parse(&list).expect("a list of rooms")
}

fn publications() {
    println!("a delivery, by number of subscriptions and of rooms they are spread over");
    for (connections, rooms) in [
        (1_000, 1),
        (100_000, 1),
        (100_000, 10),
        (100_000, 1_000),
        (100_000, 10_000),
        (100_000, 100_000),
    ] {
        let mut hub = filled(connections, rooms);
        let rooms_published: Vec<Room> = (0..rooms).map(numbered).collect();
        // One publication for each room, as triggers come.
        let (time, bytes) = best(RUNS, || {
            let mut bytes = 0;
            for room in &rooms_published {
                let room = std::slice::from_ref(room);
                let _ = hub.publish(room, Match::Literal, 1, |connection, id| {
                    bytes += id.as_bytes().len() + connection as usize;
                });
            }
            bytes
        });
        black_box(bytes);
        let each = time.as_nanos() as f64 / f64::from(connections);
        println!("  {connections:>7} in {rooms:>7}: {each:6.1} ns");
    }
}

fn patterns() {
    println!("a room looked at for a pattern, by number of rooms with its keys");
    for rooms in [1_000, 100_000] {
        let mut hub = filled(rooms, rooms);
        let pattern = [room(r#"{"zoo":1,"animal":"*"}"#)];
        let (time, published) = best(RUNS, || hub.publish(&pattern, Match::Pattern, 1, |_, _| {}));
        assert_eq!(published.deliveries, 1);
        println!("  {rooms:>7}: {:6.1} ns", time.as_nanos() as f64 / f64::from(rooms));
    }
}

fn ends() {
    println!("a subscribe and an unsubscribe in a room of 100,000");
    let mut hub = filled(100_000, 1);
    let (time, ()) = best(RUNS, || {
        for n in 0..1_000 {
            // Not the newest, but any.
            let connection = n * 7_919 % 100_000;
            assert_eq!(hub.unsubscribe(connection, &id(connection)), 1);
            hub.subscribe(connection, numbered(0), id(connection), 0).expect("there is room");
        }
    });
    println!("  {:.0} ns, reading room and id among them", time.as_nanos() as f64 / 1e3);
}

fn growth() {
    println!("the longest that one subscribe takes while rooms come, since maps grow at once");
    for rooms in [10_000, 100_000, 1_000_000] {
        let mut hub = Hub::new(Limits::default());
        let mut subscribe = |n| {
            let (room, id) = (numbered(n), id(n));
            best(1, || hub.subscribe(n, room.clone(), id.clone(), 0).is_ok()).0
        };
        let longest = (0..rooms).map(&mut subscribe).max().unwrap_or_default();
        println!("  {rooms:>7}: {:6.2} ms", longest.as_secs_f64() * 1e3);
    }
}

fn memory() {
    println!("bytes for each connection with one subscription, as asked of the allocator");
    for (connections, rooms) in
        [(100_000, 1), (100_000, 1_000), (100_000, 100_000), (150_000, 150_000)]
    {
        let before = HELD.load(Ordering::Relaxed);
        let mut hub = filled(connections, rooms);
        let held = HELD.load(Ordering::Relaxed) - before;
        for connection in 0..connections {
            hub.leave(connection);
        }
        let left = HELD.load(Ordering::Relaxed) - before;
        println!(
            "  {connections:>7} in {rooms:>7}: {:4}; {left} bytes in all when they have left",
            held / connections as usize
        );
    }
    let pool = PermissionsPool::new();
    let before = HELD.load(Ordering::Relaxed);
    let list = |n: usize| format!(r#"[{{"zoo":{n},"animal":"*"}},{{"user":{n}}}]"#);
    let held: Vec<_> = (0..100_000).map(|n| pool.intern(&list(n)).expect("a list")).collect();
    let each = (HELD.load(Ordering::Relaxed) - before) / held.len();
    println!(
        "  and {each} for a list of two allowed rooms of its own; nothing for one that is shared"
    );
}

fn filled(connections: u32, rooms: u32) -> Hub {
    let mut hub = Hub::new(Limits::default());
    for connection in 0..connections {
        hub.subscribe(connection, numbered(connection % rooms), id(connection), 0)
            .expect("there is room");
    }
    hub
}

fn numbered(n: u32) -> Room {
    room(&format!(r#"{{"zoo": {n}, "animal": "penguin"}}"#))
}

fn room(json: &str) -> Room {
    Room::parse(json).expect("a room")
}

fn id(n: u32) -> RequestId {
    RequestId::parse(&format!("\"id-{n}\"")).expect("an id")
}

#[expect(clippy::disallowed_methods, reason = "a measurement has a clock")]
fn best<T>(runs: usize, mut run: impl FnMut() -> T) -> (Duration, T) {
    let mut timed = || {
        let start = Instant::now();
        let result = black_box(run());
        (start.elapsed(), result)
    };
    let first = timed();
    (1..runs).map(|_| timed()).fold(first, |best, next| if next.0 < best.0 { next } else { best })
}

/// The system's allocator, which also counts how much is held.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: all is done by `System`, with what it was asked for.
#[expect(unsafe_code, reason = "an allocator cannot be written without")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        HELD.fetch_add(size, Ordering::Relaxed);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
