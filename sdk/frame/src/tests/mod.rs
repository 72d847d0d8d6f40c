//! Tests across files.
