//! Masking and unmasking in place (RFC 6455 §5.3).
