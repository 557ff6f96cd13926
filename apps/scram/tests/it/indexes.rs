//! That an index answers, not a scan.
