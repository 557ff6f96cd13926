//! What the connections of a loop hear when something may be missing.

use super::{Gateway, Session};
use crate::publishing::Gap;
use crate::reply::{self, Speech};
use campanile_manager::service::Connections;
use campanile_manager::{Connection, Loss};
use campanile_wire::CloseCode;
use std::sync::atomic::Ordering::Relaxed;

impl Gateway {
    /// Tells those of a gap who are subscribed and know what that is.
    pub(crate) fn tell_gap(&mut self, gap: Gap, connections: &mut dyn Connections<Session>) {
        let text = gap.to_string();
        if gap.until.is_some() {
            self.gap_ended_after = None;
        }
        connections.each(&mut |connection| {
            if gap.until.is_some() {
                let serial = connection.key().serial;
                self.gap_ended_after = self.gap_ended_after.max(Some(serial));
            }
            if connection.session().speech == Speech::V1 && connection.is_subscribed() {
                connection.send_text(&text);
            }
        });
    }

    /// Tells whoever subscribes in the middle of a gap of it, too.
    pub(super) fn tell_open_gap(&self, connection: &mut Connection<'_, Session>) {
        if connection.session().speech == Speech::V1
            && let Some(gap) = self.settings.gap.get()
        {
            connection.send_text(&gap.to_string());
        }
    }

    /// Tells a client that reads slowly what it lost, if it knows what that is.
    pub(super) fn tell_losses(
        &self,
        connection: &mut Connection<'_, Session>,
        losses: &[Loss],
        can_be_told: bool,
    ) {
        let counters = &self.settings.counters;
        if !can_be_told || connection.session().speech != Speech::V1 {
            counters.losses_untold.fetch_add(losses.len() as u64, Relaxed);
            return;
        }
        counters.losses_told.fetch_add(losses.len() as u64, Relaxed);
        for loss in losses {
            connection.send_text(&reply::lost(loss));
        }
    }

    /// Closes one part of those who were subscribed when the last gap ended and know no gaps.
    pub(crate) fn close_unaware(
        &mut self,
        part: u32,
        parts: u32,
        connections: &mut dyn Connections<Session>,
    ) {
        let last = self.gap_ended_after;
        let closed = &self.settings.counters.unaware_closed;
        connections.each(&mut |connection| {
            let key = connection.key();
            let is_unaware = connection.session().speech != Speech::V1;
            let was_there = Some(key.serial) <= last && connection.is_subscribed();
            if key.slot % parts == part && is_unaware && was_there {
                closed.fetch_add(1, Relaxed);
                connection.close(CloseCode::RESTART, "something may have been missed");
            }
        });
    }
}
