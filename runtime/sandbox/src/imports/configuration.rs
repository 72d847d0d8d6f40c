//! `configuration`: the configuration as it is now, and granted secrets.

use crate::contract::configuration::Host as ConfigurationHost;
use crate::host::Host;

impl ConfigurationHost for Host {
    fn current(&mut self) -> wasmtime::Result<String> {
        Ok(self.configuration.clone())
    }

    fn secret(&mut self, name: String) -> wasmtime::Result<Result<Vec<u8>, String>> {
        Ok(self.secrets.get(&name).cloned().ok_or_else(|| {
            format!("the secret {name:?} is not granted: add it to `grants = {{ secrets = [...] }}` of the component")
        }))
    }
}
