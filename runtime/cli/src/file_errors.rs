//! What to do about a file that the operating system refuses.

use std::io::{Error, ErrorKind};

/// The reason, and the next step where there is one that often helps.
pub(crate) fn with_next_step(error: &Error) -> String {
    match next_step(error.kind()) {
        Some(step) => format!("{error}: {step}"),
        None => error.to_string(),
    }
}

/// What to do about an error of that kind; none where that depends.
pub(crate) fn next_step(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::NotFound => Some("correct the path, which starts in the folder that petrel is called in"),
        ErrorKind::PermissionDenied => Some("change its permissions, or name another file"),
        ErrorKind::IsADirectory => Some("name a file in that folder"),
        ErrorKind::NotADirectory => Some("a part of the path is a file: correct it"),
        ErrorKind::InvalidData => Some("it has to be UTF-8 text"),
        _ => None,
    }
}
