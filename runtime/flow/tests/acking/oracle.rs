//! What is really left of every tree, known to nobody else.

use petrel_flow::lineage::Tree;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A row, with the roots it truly descends from.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) roots: Rc<[Tree]>,
    /// It is held, or descends from a row that was: a spout may end although it is left.
    pub(crate) is_excused: bool,
}

/// Counts the rows of every tree that were not processed. Rows that are lost never are.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    left: BTreeMap<Tree, Left>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Left {
    rows: usize,
    unexcused: usize,
}

impl Oracle {
    /// A copy of a row is on its way.
    pub(crate) fn born(&mut self, row: &Row) {
        for root in row.roots.iter() {
            let left = self.left.entry(*root).or_default();
            left.rows += 1;
            left.unexcused += usize::from(!row.is_excused);
        }
    }

    /// It is processed.
    pub(crate) fn done(&mut self, row: &Row) {
        for root in row.roots.iter() {
            let left = self.left.get_mut(root).expect("a row was born before it is done");
            left.rows -= 1;
            left.unexcused -= usize::from(!row.is_excused);
        }
    }

    /// It is held.
    pub(crate) fn held(&mut self, row: &mut Row) {
        if !std::mem::replace(&mut row.is_excused, true) {
            for root in row.roots.iter() {
                self.left.get_mut(root).expect("a row was born before it is held").unexcused -= 1;
            }
        }
    }

    /// What must be so when an acker says that nothing of a tree is left.
    pub(crate) fn check_acked(&self, tree: Tree) -> Result<(), String> {
        match self.left.get(&tree) {
            Some(left) if left.rows > 0 => {
                Err(format!("tree {tree} was acked while {} rows of it are left", left.rows))
            }
            _ => Ok(()),
        }
    }

    /// What must be so when a spout ends its streams while a tree is open.
    pub(crate) fn check_parked(&self, tree: Tree) -> Result<(), String> {
        match self.left.get(&tree) {
            Some(left) if left.unexcused > 0 => Err(format!(
                "the streams ended while {} rows of tree {tree} are neither processed nor held",
                left.unexcused
            )),
            _ => Ok(()),
        }
    }
}
