//! The WASI a guest gets: nothing, and on top of it what the topology grants by name.

use crate::clock::CallClock;
use crate::guest_output::GuestOutput;
use crate::log::LogSource;
use crate::logger::Logger;
use crate::net::AllowedNet;
use crate::random::SeededRandom;
use crate::sandbox::SandboxError;
use crate::spec::InstanceSpec;
use std::env;
use std::sync::{Arc, Mutex};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};

/// Random bytes that a guest may ask for at a time.
const MAX_RANDOM_BYTES: u64 = 1 << 20;

/// Makes the WASI context of an instance.
///
/// # Errors
/// The grant that names something that is not there.
pub(crate) fn context(
    spec: &InstanceSpec,
    net: Option<&Arc<AllowedNet>>,
    clock: &CallClock,
    logger: &Arc<Mutex<Logger>>,
) -> Result<WasiCtx, SandboxError> {
    let mut wasi = WasiCtxBuilder::new();
    wasi.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
    wasi.stdout(GuestOutput { source: LogSource::Stdout, logger: logger.clone() });
    wasi.stderr(GuestOutput { source: LogSource::Stderr, logger: logger.clone() });
    wasi.wall_clock(clock.clone());
    wasi.monotonic_clock(clock.clone());
    let random = |purpose| SeededRandom::new(spec.seed, purpose, spec.component.as_str(), spec.task.0);
    wasi.secure_random(random("secure"));
    wasi.insecure_random(random("insecure"));
    wasi.insecure_random_seed(u128::from_le_bytes(random("insecure seed").next()));
    // Drawing them is not interrupted: a megabyte takes a millisecond.
    wasi.max_random_size(MAX_RANDOM_BYTES);
    for name in &spec.grants.env {
        match env::var(name) {
            Ok(value) => {
                wasi.env(name, value);
            }
            // Not set is something a guest can see and handle; a value it cannot be given is not.
            Err(env::VarError::NotPresent) => {}
            Err(env::VarError::NotUnicode(_)) => {
                return Err(refused(&format!("env:{name}"), "the variable's value is not UTF-8"));
            }
        }
    }
    for grant in &spec.grants.dirs {
        let (path, access) = match grant.strip_suffix(":rw") {
            Some(path) => (path, FsPerms::ReadWrite),
            None => (grant.as_str(), FsPerms::ReadOnly),
        };
        wasi.preopened_dir(path, path, access).map_err(|error| refused(grant, &format!("{:#}", error.root_cause())))?;
    }
    if let Some(allowed) = net.cloned() {
        // Which names is for our own look-up to say.
        wasi.allow_tcp(true).allow_udp(true).allow_ip_name_lookup(true);
        wasi.socket_addr_check(move |address, used| {
            let allowed = allowed.clone();
            Box::pin(async move { allowed.allows(address, used).await })
        });
    }
    Ok(wasi.build())
}

/// Which addresses and names the topology grants, if it grants any.
///
/// # Errors
/// The entry that cannot be read.
pub(crate) fn net(spec: &InstanceSpec) -> Result<Option<Arc<AllowedNet>>, SandboxError> {
    let Some(entries) = &spec.grants.net else { return Ok(None) };
    let allowed = AllowedNet::parse(entries).map_err(|(entry, reason)| refused(&entry, &reason))?;
    Ok(Some(Arc::new(allowed)))
}

fn refused(grant: &str, reason: &str) -> SandboxError {
    SandboxError::Grant { grant: grant.to_owned(), reason: reason.to_owned() }
}
