//! Whole-system tests; nothing depends on this crate.
