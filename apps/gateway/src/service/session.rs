//! What the gateway keeps for each connection.

use super::rate::Pace;
use super::renewal::Asking;
use super::waiting::Waiting;
use crate::backend::{Forwarded, Presence, User};
use crate::reply::Speech;
use crate::revalidate::Alarm;
use crate::users::{Moment, Place};
use campanile_hub::Permissions;
use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What the gateway keeps for each connection.
pub struct Session {
    /// None for one that was not let in.
    pub(super) permissions: Option<Arc<Permissions>>,
    pub(super) presence: Option<Presence>,
    /// With which to ask the backend again; none where that is not remembered.
    pub(super) forwarded: Option<Forwarded>,
    /// Requests that wait until this node hears of a room.
    pub(super) waiting: Option<Box<Waiting>>,
    /// None as long as there is nothing to say in it.
    pub(super) standing: Option<Box<Standing>>,
    pub(super) pace: Pace,
    pub(super) speech: Speech,
    pub(super) origin: Option<Origin>,
    _permit: Permit,
}

/// Where a connection comes from, and since when: in 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Where its client is.
    pub address: IpAddr,
    /// When it was opened, in tenths of a second since 1970 less those of [`EPOCH`].
    tenths: u32,
}

const _: () = assert!(size_of::<Option<Origin>>() == 24);

/// 2020-01-01: from there on, tenths of a second fit for thirteen years; then the last moment stays.
const EPOCH: Duration = Duration::from_secs(1_577_836_800);

impl Origin {
    /// Makes that of a connection that is opened now.
    pub fn now(address: IpAddr) -> Origin {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(EPOCH);
        let tenths = since.saturating_sub(EPOCH).as_millis() / 100;
        Origin { address, tenths: u32::try_from(tenths).unwrap_or(u32::MAX) }
    }

    /// Returns when it was opened, to a tenth of a second.
    pub fn since(&self) -> SystemTime {
        UNIX_EPOCH + EPOCH + Duration::from_millis(u64::from(self.tenths) * 100)
    }
}

/// What there is to say of some connections beside their permissions.
#[derive(Default)]
pub(super) struct Standing {
    /// Whose it is, if the backend says.
    pub(super) place: Option<Place>,
    /// After which time the backend wants to be asked again.
    pub(super) rooms_ttl: Option<Duration>,
    /// Until it is open: when the backend was asked.
    pub(super) arrival: Option<Moment>,
    /// When to ask again, or to be done with asking.
    pub(super) alarm: Option<Alarm>,
    /// That its rights are to be renewed, and how far that is.
    pub(super) asking: Option<Asking>,
}

/// What a connection counts against, given back when dropped.
pub type Permit = Box<dyn Any + Send>;

/// What the backend said of a connection that is let in.
#[derive(Debug)]
pub struct Admission {
    /// What it may hear.
    pub permissions: Arc<Permissions>,
    /// Whose it is, if the backend says.
    pub place: Option<Place>,
    /// After which time the backend wants to be asked again.
    pub rooms_ttl: Option<Duration>,
    /// When it was asked.
    pub asked: Option<Moment>,
}

impl Admission {
    /// Lets somebody in of whom no more is known than what they may hear.
    pub fn of(permissions: Arc<Permissions>) -> Admission {
        Admission { permissions, place: None, rooms_ttl: None, asked: None }
    }
}

impl Session {
    /// Makes the session of a connection that was let in.
    pub fn authorized(
        speech: Speech,
        admission: Admission,
        presence: Option<Presence>,
        forwarded: Option<Forwarded>,
        permit: Permit,
    ) -> Session {
        let Admission { permissions, place, rooms_ttl, asked } = admission;
        let standing = Standing { place, rooms_ttl, arrival: asked, ..Standing::default() };
        Session {
            permissions: Some(permissions),
            presence,
            forwarded,
            standing: Some(Box::new(standing)),
            ..Session::refused(speech, permit)
        }
    }

    /// Makes the session of a connection that was not let in: it is told so, and closed.
    pub fn refused(speech: Speech, permit: Permit) -> Session {
        Session {
            permissions: None,
            presence: None,
            forwarded: None,
            waiting: None,
            standing: None,
            pace: Pace::default(),
            speech,
            origin: None,
            _permit: permit,
        }
    }

    /// Says where it comes from.
    #[must_use]
    pub fn coming_from(self, origin: Origin) -> Session {
        Session { origin: Some(origin), ..self }
    }

    /// Returns where it comes from, if that is known.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Returns what it speaks.
    pub fn speech(&self) -> Speech {
        self.speech
    }

    /// Returns whether its client knows the words of `campanile.v1`.
    pub fn speaks_v1(&self) -> bool {
        self.speech == Speech::V1
    }

    /// Returns whose connection it is; none if the backend does not say.
    pub fn user(&self) -> Option<&User> {
        self.standing.as_ref()?.place.as_ref().map(Place::user)
    }

    /// Returns what it may hear; none if it was not let in.
    pub fn permissions(&self) -> Option<&Arc<Permissions>> {
        self.permissions.as_ref()
    }

    /// Returns what is noted beside the permissions, to be changed.
    pub(super) fn standing_mut(&mut self) -> &mut Standing {
        self.standing.get_or_insert_default()
    }

    /// Gives back the memory of what says nothing.
    pub(super) fn forget_nothing(&mut self) {
        self.standing.take_if(|standing| standing.says_nothing());
    }
}

impl Standing {
    fn says_nothing(&self) -> bool {
        let Standing { place, rooms_ttl, arrival, alarm, asking } = self;
        let is_anybody = place.is_some() || rooms_ttl.is_some();
        !is_anybody && arrival.is_none() && alarm.is_none() && asking.is_none()
    }
}
