//! Real processes of `digi serve`, killed and frozen.

mod killed;
mod program;
mod several;
