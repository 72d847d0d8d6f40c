//! Where rows came from and which tasks they came through: for people, in dead letters.
//!
//! A trail goes with a segment. Both of its parts are shared: a task that sends what came on one trail passes on the same
//! positions and the paths that it made of the same paths before, and so a trail costs two counted references a frame, whatever
//! the number of its rows. Where frames that came on several trails are processed together, what comes of them has all of
//! theirs: that is made anew for a frame, and bounded.

use super::tree::{Line, Tree};
use alloc::sync::Arc;
use alloc::vec::Vec;
use petrel_model::TaskId;

/// A position that is longer than so many bytes is not passed on.
pub const POSITION_BYTES_MAX: usize = 4 << 10;
/// So many paths are passed on with a frame, and as many positions as small frames may have been joined into one.
const PATHS_MAX: usize = 8;
const POSITIONS_MAX: usize = 256;
/// A path of so many tasks does not grow any more.
const PATH_TASKS_MAX: usize = 64;
/// So many paths are remembered by a task.
const KNOWN_MAX: usize = 64;

/// Tasks in the order in which rows came through them, the spout's first.
pub type Path = Vec<TaskId>;
/// Of several rows.
type Paths = Arc<[Path]>;

/// Where the rows of a segment came from, and how. Empty for rows of no tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    paths: Option<Paths>,
    /// In the order of their trees.
    positions: Option<Arc<[SpoutPosition]>>,
}

/// What a spout said of its position with a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SpoutPosition {
    line: Line,
    /// The tree of the first row of the frame.
    first: u64,
    rows: u32,
    position: Arc<[u8]>,
}

impl Trail {
    /// The ways on which rows of the segment came. One of them, or several, is that of a certain row.
    pub fn paths(&self) -> &[Path] {
        self.paths.as_deref().unwrap_or_default()
    }

    /// What the spout gave as its position with the row that began a tree: from there it goes on after the frame of that row.
    /// None if it gave none, or it is not known any more.
    pub fn position(&self, tree: Tree) -> Option<&[u8]> {
        let positions = self.positions.as_deref().unwrap_or_default();
        let after = positions.partition_point(|it| (it.line, it.first) <= (tree.line, tree.number));
        let found = positions.get(after.checked_sub(1)?)?;
        let is_its = found.line == tree.line && tree.number - found.first < u64::from(found.rows);
        is_its.then_some(&*found.position)
    }

    /// Of what came on any of these.
    pub(super) fn join<'a>(trails: impl Iterator<Item = &'a Trail> + Clone) -> Trail {
        let Some(first) = trails.clone().next() else { return Trail::default() };
        let is_one = |same: fn(&Trail, &Trail) -> bool| trails.clone().all(|trail| same(trail, first));
        let paths = if is_one(|one, other| is_same(&one.paths, &other.paths)) {
            first.paths.clone()
        } else {
            let mut paths: Vec<Path> = Vec::new();
            for path in trails.clone().flat_map(Trail::paths) {
                if paths.len() < PATHS_MAX && !paths.contains(path) {
                    paths.push(path.clone());
                }
            }
            Some(Arc::from(paths))
        };
        let positions = if is_one(|one, other| is_same(&one.positions, &other.positions)) {
            first.positions.clone()
        } else {
            let all = trails.flat_map(|trail| trail.positions.as_deref().unwrap_or_default());
            let mut positions: Vec<SpoutPosition> = all.take(4 * POSITIONS_MAX).cloned().collect();
            positions.sort_unstable_by_key(|it| (it.line, it.first));
            positions.dedup_by_key(|it| (it.line, it.first));
            positions.truncate(POSITIONS_MAX);
            Some(Arc::from(positions))
        };
        Trail { paths, positions }
    }

    /// Whether both are shared, so that they need not be compared.
    pub(super) fn is(&self, other: &Trail) -> bool {
        is_same(&self.paths, &other.paths) && is_same(&self.positions, &other.positions)
    }
}

/// Makes the trails of what a task sends.
#[derive(Clone, Debug)]
pub struct Trails {
    task: TaskId,
    begin: Paths,
    /// What became of paths that came in, so that it is made once.
    known: Vec<(Paths, Paths)>,
}

impl Trails {
    /// Of a task.
    pub fn new(task: TaskId) -> Trails {
        Trails { task, begin: Arc::from([Vec::from([task])]), known: Vec::new() }
    }

    /// Of a spout's frame with so many rows, which begin consecutive trees.
    pub fn begin(&self, first: Tree, rows: u32, position: &[u8]) -> Trail {
        let is_told = !position.is_empty() && position.len() <= POSITION_BYTES_MAX;
        let position = || SpoutPosition { line: first.line, first: first.number, rows, position: Arc::from(position) };
        Trail { paths: Some(self.begin.clone()), positions: is_told.then(|| Arc::from([position()])) }
    }

    /// Of what came on a trail and goes on from this task.
    pub fn through(&mut self, trail: Trail) -> Trail {
        let Some(paths) = trail.paths else { return trail };
        Trail { paths: Some(self.extended(paths)), ..trail }
    }

    fn extended(&mut self, paths: Paths) -> Paths {
        // Kept rows have been sent by this task already, and a spout's begin here.
        if paths.iter().all(|path| path.last() == Some(&self.task)) {
            return paths;
        }
        let is_known = |(before, _): &&(Paths, Paths)| Arc::ptr_eq(before, &paths) || **before == *paths;
        if let Some((_, after)) = self.known.iter().find(is_known) {
            return after.clone();
        }
        let extend = |path: &Path| {
            let is_longer = path.len() < PATH_TASKS_MAX && path.last() != Some(&self.task);
            path.iter().copied().chain(is_longer.then_some(self.task)).collect()
        };
        let after: Paths = paths.iter().map(extend).collect();
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.push((paths, after.clone()));
        after
    }
}

fn is_same<T>(one: &Option<Arc<[T]>>, other: &Option<Arc<[T]>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use petrel_model::{ComponentIndex, TaskIndex};

    fn task(component: u32, task: u32) -> TaskId {
        TaskId { component: ComponentIndex(component), task: TaskIndex(task) }
    }

    fn tree(line: u32, number: u64) -> Tree {
        Tree { line: Line(line), number }
    }

    #[test]
    fn a_path_grows_by_each_task_and_what_is_made_of_it_is_shared() {
        let first = Trails::new(task(0, 1)).begin(tree(0, 5), 3, b"after 7");
        assert_eq!(first.paths(), [[task(0, 1)]]);
        let (mut middle, mut last) = (Trails::new(task(1, 0)), Trails::new(task(2, 3)));
        let sent = middle.through(first.clone());
        assert_eq!(sent.paths(), [[task(0, 1), task(1, 0)]]);
        assert!(sent.is(&middle.through(first.clone())), "nothing is made anew for a frame");
        assert_eq!(middle.through(sent.clone()), sent, "what is kept has been here");
        let sent = last.through(sent);
        assert_eq!(sent.paths(), [[task(0, 1), task(1, 0), task(2, 3)]]);
        for (number, position) in [(4, None), (5, Some(&b"after 7"[..])), (7, Some(b"after 7")), (8, None)] {
            assert_eq!(sent.position(tree(0, number)), position, "{number}");
        }
        assert_eq!(sent.position(tree(1, 5)), None, "of another line");
        assert_eq!(middle.through(Trail::default()), Trail::default(), "rows of no tree have no way");
    }

    #[test]
    fn what_is_joined_is_bounded_and_says_everything_once() {
        let begin = |number: u64| Trails::new(task(0, number as u32)).begin(tree(0, number), 1, &[number as u8]);
        let trails: Vec<Trail> = (0..1_000).map(begin).collect();
        let joined = Trail::join([&trails[2], &trails[1], &trails[2]].into_iter());
        assert_eq!(joined.paths(), [[task(0, 2)], [task(0, 1)]]);
        assert_eq!((joined.position(tree(0, 1)), joined.position(tree(0, 2))), (Some(&[1][..]), Some(&[2][..])));
        assert!(Trail::join([&trails[5], &trails[5]].into_iter()).is(&trails[5]), "nothing is made anew");
        let joined = Trail::join(trails.iter());
        assert_eq!(joined.paths().len(), PATHS_MAX);
        assert_eq!((joined.position(tree(0, 255)), joined.position(tree(0, 256))), (Some(&[255][..]), None));
    }

    #[test]
    fn what_is_long_is_not_passed_on() {
        let trails = Trails::new(task(0, 0));
        assert_eq!(trails.begin(tree(0, 0), 1, &vec![0; POSITION_BYTES_MAX + 1]).position(tree(0, 0)), None);
        assert!(trails.begin(tree(0, 0), 1, &vec![0; POSITION_BYTES_MAX]).position(tree(0, 0)).is_some());
        assert_eq!(trails.begin(tree(0, 0), 1, b"").position(tree(0, 0)), None, "the spout gave none");
        let mut trail = trails.begin(tree(0, 0), 1, b"x");
        for number in 1..100 {
            trail = Trails::new(task(number, 0)).through(trail);
        }
        assert_eq!(trail.paths()[0].len(), PATH_TASKS_MAX);
    }
}
