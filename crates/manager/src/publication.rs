//! Data for rooms, as all its deliveries share it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use campanile_hub::{Match, RequestId, Room};
use campanile_wire::Kind;
use campanile_wire::deflate::{Deflater, Shared, WINDOW_BITS_MAX, WINDOW_BITS_MIN};

use crate::service::ConnectionKey;
use crate::watch::Watch;

/// Data on its way to everyone in some rooms.
///
/// A delivery is `shared`, then the subscription's own request id, then `closing`: so that all
/// deliveries of a publication share one copy of its data.
#[derive(Debug)]
pub struct Publication {
    /// Where it goes.
    pub rooms: Vec<Room>,
    /// Whether `*` in `rooms` stands for every value.
    pub matching: Match,
    excluded: Box<[ConnectionKey]>,
    slow: Slow,
    envelope: Envelope,
    kind: Kind,
    compressed: [OnceLock<Shared>; VARIANTS],
    /// Who wants to know how it fares.
    pub(crate) watch: Option<Arc<dyn Watch>>,
}

/// What becomes of a publication's deliveries while they wait for a client that reads slowly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Slow {
    /// They wait, and when too much does the connection is closed.
    #[default]
    Close,
    /// When too much waits, the oldest of them give way.
    DropOldest,
    /// Of each subscription only the newest waits; it takes the place of the one before.
    Latest,
}

/// A publication's bytes around each subscription's request id.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The message up to the request id.
    pub shared: Bytes,
    /// The message from there on.
    pub closing: &'static str,
}

/// One for each window that a peer may have asked for.
const VARIANTS: usize = (WINDOW_BITS_MAX - WINDOW_BITS_MIN + 1) as usize;

impl Publication {
    /// Makes a publication of `envelope` for `rooms`.
    pub fn new(rooms: Vec<Room>, matching: Match, envelope: Envelope) -> Self {
        let (excluded, slow) = Default::default();
        Self {
            rooms,
            matching,
            excluded,
            slow,
            envelope,
            kind: Kind::Text,
            compressed: Default::default(),
            watch: None,
        }
    }

    /// Says whether its deliveries are text, as they are if nothing is said, or bytes.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Says what becomes of its deliveries while they wait for a client that reads slowly.
    #[must_use]
    pub fn when_slow(self, slow: Slow) -> Self {
        Self { slow, ..self }
    }

    /// Returns what becomes of its deliveries while they wait for a client that reads slowly.
    pub fn slow(&self) -> Slow {
        self.slow
    }

    /// Leaves some connections out, which do not get it and do not count.
    #[must_use]
    pub fn excluding(self, excluded: impl Into<Box<[ConnectionKey]>>) -> Self {
        Self { excluded: excluded.into(), ..self }
    }

    /// Returns the connections that it leaves out.
    pub fn excluded(&self) -> &[ConnectionKey] {
        &self.excluded
    }

    /// Has each loop tell `watch` when it has done its part.
    pub fn watched_by(mut self, watch: Option<Arc<dyn Watch>>) -> Self {
        self.watch = watch;
        self
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the bytes that every delivery begins with.
    pub fn shared(&self) -> &Bytes {
        &self.envelope.shared
    }

    /// Returns the id that [`append_private`](Self::append_private) began with.
    pub(crate) fn id_of<'a>(&self, private: &'a [u8]) -> &'a [u8] {
        &private[..private.len() - self.envelope.closing.len()]
    }

    /// Appends the bytes that only the delivery to `id` has.
    pub(crate) fn append_private(&self, id: &RequestId, output: &mut Vec<u8>) {
        output.extend_from_slice(id.as_bytes());
        output.extend_from_slice(self.envelope.closing.as_bytes());
    }

    /// Returns the shared bytes compressed for a window, made by whoever asks first.
    pub(crate) fn compressed(&self, window_bits: u8, level: u8) -> &Shared {
        let window_bits = window_bits.clamp(WINDOW_BITS_MIN, WINDOW_BITS_MAX);
        self.compressed[usize::from(window_bits - WINDOW_BITS_MIN)].get_or_init(|| {
            Shared::compress(&[&self.envelope.shared], &mut Deflater::new(window_bits, level))
        })
    }

    /// Bytes it takes while it waits.
    pub(crate) fn bytes(&self) -> usize {
        self.envelope.shared.len()
            + self.rooms.iter().map(|room| room.as_str().len()).sum::<usize>()
            + size_of_val(&*self.excluded)
    }
}
