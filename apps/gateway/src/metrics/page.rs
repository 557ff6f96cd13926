//! Prometheus' text format.

use super::Durations;
use std::fmt::{Display, Write};

/// The page, as far as it is written.
pub(super) struct Page(String);

impl Page {
    pub(super) fn new() -> Page {
        Page(String::with_capacity(16 << 10))
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.lines(format_args!(
            "# HELP campanile_{name} {help}\n# TYPE campanile_{name} gauge\n\
             campanile_{name} {value}\n"
        ));
    }

    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.lines(format_args!(
            "# HELP campanile_{name}_total {help}\n# TYPE campanile_{name}_total counter\n\
             campanile_{name}_total {value}\n"
        ));
    }

    /// Begins counters that differ by a label.
    pub(super) fn family(&mut self, name: &str, help: &str) {
        self.lines(format_args!(
            "# HELP campanile_{name}_total {help}\n\
             # TYPE campanile_{name}_total counter\n"
        ));
    }

    pub(super) fn labelled(&mut self, name: &str, label: &str, value: &str, number: impl Display) {
        self.lines(format_args!("campanile_{name}{{{label}=\"{value}\"}} {number}\n"));
    }

    /// Writes durations as a histogram.
    pub(super) fn durations(&mut self, name: &str, help: &str, durations: &Durations) {
        self.lines(format_args!(
            "# HELP campanile_{name} {help}\n# TYPE campanile_{name} histogram\n"
        ));
        let (count, sum) = durations.read(|bound, count| {
            self.lines(format_args!("campanile_{name}_bucket{{le=\"{bound}\"}} {count}\n"));
        });
        self.lines(format_args!("campanile_{name}_sum {sum}\ncampanile_{name}_count {count}\n"));
    }

    /// Writes a number by its whole name, with labels if there are any.
    pub(super) fn plain(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        let family = name.split('{').next().unwrap_or_default();
        self.lines(format_args!(
            "# HELP {family} {help}\n# TYPE {family} {kind}\n{name} {value}\n"
        ));
    }

    pub(super) fn lines(&mut self, lines: std::fmt::Arguments<'_>) {
        self.0.write_fmt(lines).expect("a String takes all");
    }
}
