//! Rooms, permissions and subscriptions: who hears what.
