//! Structured log lines: rate-limited by the host, never blocking.
//!
//! The macros [`trace!`](crate::trace), [`debug!`](crate::debug), [`info!`](crate::info), [`warn!`](crate::warn) and
//! [`error!`](crate::error) format as `println!` does.

use super::{Level, imports};

/// Writes a line.
pub fn write(level: Level, message: &str) {
    imports::log(level, message);
}

/// Logs what somebody following every step wants to see; formats as `println!` does.
#[macro_export]
macro_rules! trace {
    ($($message:tt)*) => { $crate::host::log::write($crate::host::Level::Trace, &::std::format!($($message)*)) };
}

/// Logs what helps to find a fault; formats as `println!` does.
#[macro_export]
macro_rules! debug {
    ($($message:tt)*) => { $crate::host::log::write($crate::host::Level::Debug, &::std::format!($($message)*)) };
}

/// Logs what happened; formats as `println!` does.
#[macro_export]
macro_rules! info {
    ($($message:tt)*) => { $crate::host::log::write($crate::host::Level::Info, &::std::format!($($message)*)) };
}

/// Logs what is odd and dealt with; formats as `println!` does.
#[macro_export]
macro_rules! warn {
    ($($message:tt)*) => { $crate::host::log::write($crate::host::Level::Warn, &::std::format!($($message)*)) };
}

/// Logs what went wrong; formats as `println!` does.
#[macro_export]
macro_rules! error {
    ($($message:tt)*) => { $crate::host::log::write($crate::host::Level::Error, &::std::format!($($message)*)) };
}
