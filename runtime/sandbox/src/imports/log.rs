//! `log`: structured log lines.

use crate::contract::log::{Host as LogHost, Level};
use crate::host::Host;
use crate::log::LogLevel;

impl LogHost for Host {
    fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Trace => LogLevel::Trace,
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        self.call.charge_told(message.len())?;
        self.logger().log(level, &message);
        Ok(())
    }
}
