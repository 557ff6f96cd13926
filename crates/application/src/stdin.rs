//! Passwords from standard input.

use crate::Failure;
use campanile_accounts::Password;
use clap::Args;
use std::io::Read;

/// Where a password comes from: never from an argument, which all processes of the machine see.
#[derive(Debug, Args)]
pub struct FromStdin {
    /// Read the password from the first line of standard input
    #[arg(long, required = true)]
    password_stdin: bool,
}

impl FromStdin {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn read(&self) -> Result<Password, Failure> {
        let mut text = String::new();
        let failed = |error| Failure::of(format!("the password cannot be read: {error}"));
        std::io::stdin().take(4096).read_to_string(&mut text).map_err(failed)?;
        let line = text.lines().next().unwrap_or_default();
        if line.is_empty() {
            let message = "standard input holds no password: pipe it in, or type it and end with \
                           Enter and Ctrl-D";
            return Err(Failure::usage(message));
        }
        Ok(Password::from(line))
    }
}
