//! `metrics`: counters and gauges. What a call counted stays counted, also when its effects are discarded: a metric
//! tells what happened.

use crate::contract::metrics::Host as MetricsHost;
use crate::host::Host;

impl MetricsHost for Host {
    fn add(&mut self, name: String, delta: i64) -> wasmtime::Result<()> {
        self.call.charge_told(name.len())?;
        self.metrics.add(name, delta);
        Ok(())
    }

    fn set(&mut self, name: String, value: f64) -> wasmtime::Result<()> {
        self.call.charge_told(name.len())?;
        self.metrics.set(name, value);
        Ok(())
    }
}
