//! The files of several tasks in one folder.

use petrel_sdk::host::files;
use petrel_sdk::{Error, info};
use records::Format;

/// The file of a task.
pub(crate) fn name(task: u32, extension: &str) -> String {
    format!("part-{task:05}.{extension}")
}

/// Removes the part files that no task of this run writes: those of an earlier run with more tasks or another format.
/// Whoever reads the folder would take them for results of this one. Nothing else in the folder is touched.
pub(crate) fn remove_stale(parallelism: u32, extension: &str) -> Result<(), Error> {
    for file in files::list_written("path")? {
        if is_part(&file) && !(0..parallelism).any(|task| file == name(task, extension)) {
            files::remove("path", &file)?;
            info!("removed {file}, which an earlier run left");
        }
    }
    Ok(())
}

/// Whether a file is one that some task of a sink like this may have written.
fn is_part(file: &str) -> bool {
    let Some((stem, extension)) = file.split_once('.') else { return false };
    let is_number = |digits: &str| digits.len() >= 5 && digits.bytes().all(|digit| digit.is_ascii_digit());
    stem.strip_prefix("part-").is_some_and(is_number) && Format::from_name(extension).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_from_other_files() {
        for file in ["part-00000.tsv", "part-00012.csv", "part-123456.json"] {
            assert!(is_part(file), "{file}");
        }
        for file in
            ["part-0.tsv", "part-00000", "part-00000.tsv.gz", "part-00000.txt", "my-part-00000.tsv", "part-0000x.tsv"]
        {
            assert!(!is_part(file), "{file}");
        }
    }
}
