"""A small chat on Django Channels: as a user of the library would write it, knowing nothing of Rust."""
