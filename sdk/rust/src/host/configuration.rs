//! The configuration as it is now, and secrets.

use super::imports;
use crate::error::Error;

/// The configuration as it is now: a JSON object, `null` if the host hands over anything else than JSON.
pub fn current() -> serde_json::Value {
    serde_json::from_str(&imports::configuration()).unwrap_or_default()
}

/// A secret that the topology grants by name (`grants = { secrets = ["NAME"] }`).
///
/// # Errors
/// The secret is not granted, or the host has none of that name.
pub fn secret(name: &str) -> Result<Vec<u8>, Error> {
    imports::secret(name).map_err(|message| Error::new(message).context(format_args!("secret `{name}`")))
}
