//! What a run's folder keeps of what ran: the topology with all flags applied, the plugins, and the folder that it was started
//! in. Enough to run it again.

use crate::home::create_private;
use crate::topology_source::Resolved;
use anyhow::Context;
use petrel_model::{Digest, Topology};
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Where the plugins are, within the folder.
const PLUGINS: &str = "plugins";
/// The topology, within the folder.
const TOPOLOGY: &str = "topology.toml";
/// The file that has the folder which relative paths start from.
const STARTED_IN: &str = "started-in";

/// Where what ran last is recorded, and where relative paths in it start from.
///
/// # Errors
/// When there is no record.
pub(crate) fn read(folder: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let (topology, started_in) = (folder.join(TOPOLOGY), folder.join(STARTED_IN));
    let record = fs::read(&started_in).and_then(|place| fs::metadata(&topology).map(|_| place));
    let place = record.with_context(|| {
        format!("{} does not tell what ran: run the topology again with this version of petrel", folder.display())
    })?;
    Ok((topology, PathBuf::from(OsString::from_vec(place))))
}

/// Records a topology and its plugins. Secrets are not part of a topology, and are not written.
///
/// # Errors
/// When something cannot be written.
pub(crate) fn write(folder: &Path, topology: &Topology, resolved: &Resolved) -> anyhow::Result<()> {
    let plugins = folder.join(PLUGINS);
    create_private(&plugins)?;
    for (digest, component) in &resolved.components {
        let path = plugins.join(file_name(*digest));
        // The name tells the bytes. One of another length was not written to its end.
        if fs::metadata(&path).is_ok_and(|file| file.len() == component.len() as u64) {
            continue;
        }
        replace(&path, component)?;
    }
    let from_where = std::env::current_dir().unwrap_or_default();
    let text = format!(
        "# What ran last: with the changes of flags, and with plugins by their digests.\n\
         # It was started in {:?}; paths in `config` and `grants` start there.\n{}",
        from_where.display().to_string(),
        topology.record(&resolved.assignment, |digest| format!("{PLUGINS}/{}", file_name(digest)))
    );
    replace(&folder.join(TOPOLOGY), text.as_bytes())?;
    replace(&folder.join(STARTED_IN), from_where.as_os_str().as_encoded_bytes())?;
    remove_others(&plugins, resolved);
    Ok(())
}

fn file_name(digest: Digest) -> String {
    format!("{digest}.wasm")
}

/// Writes a file whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Plugins that no component runs any more. One that stays costs room and nothing else.
fn remove_others(plugins: &Path, resolved: &Resolved) {
    for entry in fs::read_dir(plugins).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_needed = resolved.components.keys().any(|digest| name.to_str() == Some(&file_name(*digest)));
        if !is_needed
            && let Err(error) = fs::remove_file(entry.path())
            && error.kind() != ErrorKind::NotFound
        {
            tell!("cannot delete {}: {error}", entry.path().display());
        }
    }
}
