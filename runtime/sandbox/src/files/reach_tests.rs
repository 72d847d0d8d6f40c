use super::*;
use std::os::unix::fs::symlink;

/// `in/{a,b}.txt`, `in/deep/c.log`, `out/`, `link -> in`, `far.txt -> in/a.txt`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["in/a.txt", "in/b.txt", "in/deep/c.log"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    fs::create_dir(folder.path().join("out")).unwrap();
    symlink("in", folder.path().join("link")).unwrap();
    symlink("in/a.txt", folder.path().join("far.txt")).unwrap();
    folder
}

fn reach(folder: &Path, access: PathAccess, path: &str) -> Reach {
    let path = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder.display()) };
    Reach::of(&PathGrant { key: "path".into(), access, path })
}

fn meeting(folder: &Path, write: &str, access: PathAccess, other: &str) -> Option<Meeting> {
    let meeting = reach(folder, PathAccess::Write, write).meets(&reach(folder, access, other));
    let short = |name: String| name.replace(&format!("{}/", folder.canonicalize().unwrap().display()), "");
    meeting.map(|meeting| match meeting {
        Meeting::File(name) => Meeting::File(short(name)),
        Meeting::TheirFile(name) => Meeting::TheirFile(short(name)),
        other => other,
    })
}

fn file(name: &str) -> Option<Meeting> {
    Some(Meeting::File(name.into()))
}

#[test]
fn a_file_that_is_written_is_found_among_those_that_are_read_whatever_it_is_called() {
    let folder = folder();
    fs::hard_link(folder.path().join("in/b.txt"), folder.path().join("hard")).unwrap();
    let meets = |write, read| meeting(folder.path(), write, PathAccess::Read, read);
    for write in ["in/a.txt", "in/./a.txt", "out/../in/a.txt", "link/a.txt", "far.txt"] {
        assert_eq!(meets(write, "in/a.txt"), file("in/a.txt"), "{write}");
    }
    assert_eq!(meets("in/a.txt", "far.txt"), file("far.txt"));
    assert_eq!(meets("in/a.txt", "link/a.txt"), file("link/a.txt"));
    assert_eq!(meets("hard", "in"), file("in/b.txt"));
    assert_eq!(meets("in/a.txt", "link/*.txt"), file("link/a.txt"));
    assert_eq!(meets("in/a.txt", "in/b.txt"), None);
    assert_eq!(meets("out/a.txt", "in"), None);
    assert_eq!(meets("in/deep/c.log", "in"), None, "a folder stands for the files directly in it");
    assert_eq!(meets("in/deep/c.log", "in/**/*.log"), file("in/deep/c.log"));
}

#[test]
fn a_file_that_is_not_there_yet_is_found_too() {
    let folder = folder();
    symlink("in/new.txt", folder.path().join("dangling")).unwrap();
    let meets = |write, read| meeting(folder.path(), write, PathAccess::Read, read);
    assert_eq!(meets("in/new.txt", "in"), Some(Meeting::FileOfTheirs));
    assert_eq!(meets("link/new.txt", "in/"), Some(Meeting::FileOfTheirs));
    assert_eq!(meets("dangling", "in"), Some(Meeting::FileOfTheirs));
    assert_eq!(meets("in/new.txt", "link/*.txt"), Some(Meeting::FileOfTheirs));
    assert_eq!(meets("in/new.log", "in/*.txt"), None);
    assert_eq!(meets("in/deep/new.log", "*/deep/*.log"), Some(Meeting::FileOfTheirs));
    assert_eq!(meets("in/deep/new.log", "l*/deep/*.log"), Some(Meeting::FileOfTheirs), "through a link");
    assert_eq!(meets("in/new/deep/new.log", "in/**/*.log"), Some(Meeting::FileOfTheirs), "in folders to come");
    assert_eq!(meets("in/deep/new.log", "in/*.log"), None, "a star stops at a slash");
    assert_eq!(meets("none.txt", "none.txt"), file("none.txt"), "neither is there");
    assert_eq!(meets("none.txt", "out/../none.txt"), file("none.txt"));
    assert_eq!(meets("none/x.txt", "other/x.txt"), None);
}

#[test]
fn a_folder_that_is_written_meets_what_is_read_in_it() {
    let folder = folder();
    let meets = |write, read| meeting(folder.path(), write, PathAccess::Read, read);
    assert_eq!(meets("link/", "in"), Some(Meeting::Folder));
    assert_eq!(meets("in", "in/a.txt"), Some(Meeting::TheirFile("in/a.txt".into())));
    assert_eq!(meets("in/", "far.txt"), Some(Meeting::TheirFile("far.txt".into())));
    assert_eq!(meets("in/", "link/*.txt"), Some(Meeting::Folder));
    assert_eq!(meets("in/parts/", "in/**/*.txt"), Some(Meeting::Folder));
    assert_eq!(meets("in/parts/", "in/*.txt"), None);
    assert_eq!(meets("out/", "in"), None);
    assert_eq!(meets("in/deep/", "in"), None);
}

#[test]
fn two_that_write_meet_in_a_file_and_in_a_folder() {
    let folder = folder();
    let meets = |write, other| meeting(folder.path(), write, PathAccess::Write, other);
    assert_eq!(meets("out/x", "out/./x"), file("out/./x"));
    assert_eq!(meets("far.txt", "in/a.txt"), file("in/a.txt"));
    assert_eq!(meets("in/", "link"), Some(Meeting::Folder));
    assert_eq!(meets("new/", "new"), Some(Meeting::Folder));
    assert_eq!(meets("out/x", "out"), Some(Meeting::FileOfTheirs));
    assert_eq!(meets("out", "out/x"), Some(Meeting::TheirFile("out/x".into())));
    assert_eq!(meets("out/x", "out/y"), None);
    assert_eq!(meets("out/deep/", "out/"), None, "files lie directly in the folder");
}

#[test]
fn what_has_no_content_to_lose_meets_nothing() {
    let folder = folder();
    for access in [PathAccess::Read, PathAccess::Write] {
        assert_eq!(meeting(folder.path(), "/dev/null", access, "/dev/null"), None);
    }
    let read = reach(folder.path(), PathAccess::Read, "in/a.txt");
    assert_eq!(read.meets(&read), None);
}

#[test]
fn what_cannot_be_read_is_told_before_it_is_opened() {
    let folder = folder();
    let check = |path: &str| {
        let path = folder.path().join(path).to_str().unwrap().into();
        check_readable(&PathGrant { key: "path".into(), access: PathAccess::Read, path })
    };
    for path in ["in/a.txt", "in", "far.txt", "in/*.txt", "out"] {
        assert_eq!(check(path), Ok(()), "{path}");
    }
    for (path, why) in [("none", "No such file"), ("none*", "no file matches"), ("in/a.txt/x", "Not a directory")] {
        let message = check(path).unwrap_err();
        assert!(message.contains(path) && message.contains(why), "{message}");
    }
}

#[test]
fn a_folder_is_no_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let message = check_stdin(File::open(folder.path()).unwrap()).unwrap_err();
    assert!(message.contains("standard input, which is a folder"), "{message}");
    assert_eq!(check_stdin(tempfile::tempfile().unwrap()), Ok(()));
}
