//! The little of WebAssembly's binary format that tests write by hand.

/// Bytes with their number before them.
pub(crate) fn sized(content: &[u8]) -> Vec<u8> {
    [&leb128(content.len() as u32)[..], content].concat()
}

/// A number in as few bytes as it needs.
pub(crate) fn leb128(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let more = value > 0x7f;
        bytes.push(value as u8 & 0x7f | if more { 0x80 } else { 0 });
        value >>= 7;
        if !more {
            return bytes;
        }
    }
}
