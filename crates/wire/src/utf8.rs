//! UTF-8 checked as it comes.
