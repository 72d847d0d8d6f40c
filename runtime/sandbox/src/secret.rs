//! A folder's secret and the code made with it.

use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// The secret in that file; where there is none, a new one is made.
///
/// Two processes that start at once agree: the file appears whole, and the first one wins.
pub(crate) fn read_or_create(path: &Path) -> io::Result<[u8; 32]> {
    if let Some(secret) = read(path)? {
        return Ok(secret);
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| io::Error::other(error.to_string()))?;
    let folder = path.parent().expect("a secret lies in a folder");
    // `tempfile` creates files that only their owner may read.
    let mut file = tempfile::Builder::new().prefix("secret-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(&secret)?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error),
    }
    read(path)?.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// A file of another length is damaged: with another secret, everything is compiled anew and nothing is lost.
fn read(path: &Path) -> io::Result<Option<[u8; 32]>> {
    match fs::read(path) {
        Ok(bytes) => match bytes.try_into() {
            Ok(secret) => Ok(Some(secret)),
            Err(_) => fs::remove_file(path).map(|()| None),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// HMAC-SHA-256 (RFC 2104) over the parts, one after the other.
pub(crate) fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut padded = [0; 64];
    padded[..32].copy_from_slice(key);
    let mut inner = Sha256::new_with_prefix(padded.map(|byte| byte ^ 0x36));
    parts.iter().for_each(|part| inner.update(part));
    let mut outer = Sha256::new_with_prefix(padded.map(|byte| byte ^ 0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_hmac_sha256() {
        // From an independent implementation: python3 -c "hmac.new(bytes(range(32)), b'what do ya want', 'sha256')"
        let key: [u8; 32] = std::array::from_fn(|i| i as u8);
        let code: String = hmac_sha256(&key, &[b"what do ", b"ya want"]).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(code, "6f21a7e969d25d6c8cec88e50cd5c6cd96e1ec8126ee3f43d6339895f7c25055");
    }

    #[test]
    fn a_secret_is_made_once_and_a_damaged_one_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let first = read_or_create(&path).unwrap();
        assert_eq!(read_or_create(&path).unwrap(), first);
        fs::write(&path, b"short").unwrap();
        let second = read_or_create(&path).unwrap();
        assert_ne!(second, first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing left behind");
    }
}
