//! The trees of one line.

use super::message::Notice;
use crate::lineage::Entry;
use crate::numbered::Numbered;
use alloc::vec::Vec;
use core::ops::Range;

/// A bolt is not believed that speaks of a number so far beyond all that spouts told: what it says is as good as lost.
const LEAP: u64 = 1 << 20;

/// What an acker knows of the trees that one spout task gives to it.
#[derive(Clone, Debug)]
pub(super) struct TreesOfLine {
    trees: Numbered<State>,
    /// Trees below this number were told by their spout, or never will be.
    told: u64,
    /// What its spout is to be told.
    notice: Notice,
    /// The spout has ended and wants to know what is parked.
    is_ending: bool,
    /// Trees that may have been parked, or not be so any more. Only kept while the spout wants to know.
    touched: Vec<u64>,
}

/// A tree that is not done with.
#[derive(Clone, Copy, Debug)]
struct State {
    /// The XOR of the values of everything that is under way, or kept.
    xor: u64,
    /// The same for what is held.
    held: u64,
    /// The tick at which it was first heard of, or was last reset.
    tick: u32,
    /// Its spout has said with which value it begins. Bolts may be heard before.
    is_rooted: bool,
    is_parked: bool,
}

impl State {
    /// Whether nothing but held rows is left.
    fn waits_for_held(&self) -> bool {
        self.is_rooted && self.xor == self.held
    }
}

impl TreesOfLine {
    pub(super) fn new() -> TreesOfLine {
        TreesOfLine {
            trees: Numbered::new(),
            told: 0,
            notice: Notice::default(),
            is_ending: false,
            touched: Vec::new(),
        }
    }

    /// How many trees are not done with.
    pub(super) fn len(&self) -> usize {
        self.trees.len()
    }

    /// Trees begin. Those that were left out never will: the message that told of them is lost, and so are they.
    pub(super) fn root(&mut self, first: u64, xors: &[u64], tick: u32) {
        for number in self.told..first {
            self.make(number, tick);
            self.trees.remove(number);
        }
        self.told = first + xors.len() as u64;
        let new = self.trees.end().clamp(first, self.told) - first;
        let state = |xor: &u64| State { xor: *xor, held: 0, tick, is_rooted: true, is_parked: false };
        self.trees.extend(xors[new as usize..].iter().map(state));
        for (number, xor) in (first + new..).zip(&xors[new as usize..]) {
            if *xor == 0 {
                // Nobody reads it.
                self.trees.remove(number);
                self.notice.ack(number);
            }
            self.touch(number);
        }
        // Bolts were heard of these before.
        for (number, xor) in (first..).zip(&xors[..new as usize]) {
            let changed = self.trees.update(number, |state| {
                state.is_rooted = true;
                state.xor ^= xor;
                state.xor == 0
            });
            self.changed(number, changed);
        }
    }

    /// What is under way of trees has changed; all are of this line.
    #[inline]
    pub(super) fn settle(&mut self, entries: &[Entry], tick: u32) {
        for entry in entries {
            let (number, xor) = (entry.tree.number, entry.xor);
            if number >= self.trees.end() && self.state(number, tick).is_none() {
                continue;
            }
            let changed = self.trees.update(number, |state| {
                state.xor ^= xor;
                state.xor == 0 && state.is_rooted
            });
            self.changed(number, changed);
        }
    }

    /// What is held of a tree has changed.
    pub(super) fn hold(&mut self, number: u64, xor: u64, tick: u32) {
        if let Some(state) = self.state(number, tick) {
            state.held ^= xor;
            self.touch(number);
        }
    }

    /// A tree has failed, for the first bolt that says so.
    pub(super) fn fail(&mut self, number: u64, tick: u32) {
        if self.state(number, tick).is_some() {
            self.trees.remove(number);
            self.notice.failed.push(number);
        }
    }

    /// The message timeout of a tree starts anew, if nothing but held rows is left of it. Otherwise a bolt that holds a
    /// row for long would keep a tree alive of which something else was lost, which then would never be replayed.
    pub(super) fn reset(&mut self, number: u64, tick: u32) {
        if let Some(state) = self.trees.get_mut(number)
            && state.waits_for_held()
        {
            state.tick = tick;
            self.notice.reset.push(number);
        }
    }

    /// The spout waits no more.
    pub(super) fn forget(&mut self, numbers: Range<u64>) {
        let known: Vec<u64> = self.trees.range(numbers).map(|(number, _)| number).collect();
        for number in known {
            self.trees.remove(number);
        }
    }

    /// Forgets trees of that tick and earlier ones; says how many.
    pub(super) fn expire(&mut self, tick: u32) -> usize {
        let old = self.trees.range(0..u64::MAX).filter(|(_, state)| state.tick <= tick);
        let old: Vec<u64> = old.map(|(number, _)| number).collect();
        for number in &old {
            self.trees.remove(*number);
        }
        old.len()
    }

    /// The spout has ended: what is parked already is told once, what will be when it is.
    pub(super) fn end(&mut self) {
        self.is_ending = true;
        let all = self.trees.range(0..u64::MAX);
        let told_again: Vec<u64> = all.map(|(number, _)| number).collect();
        for number in told_again {
            if let Some(state) = self.trees.get_mut(number) {
                state.is_parked = false;
            }
            self.touched.push(number);
        }
    }

    /// What is to be told to the spout, if anything.
    pub(super) fn notice(&mut self) -> Option<Notice> {
        let mut touched = core::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for number in touched.drain(..) {
            let Some(state) = self.trees.get_mut(number) else { continue };
            let is_parked = state.waits_for_held();
            if is_parked != core::mem::replace(&mut state.is_parked, is_parked) {
                if is_parked { &mut self.notice.parked } else { &mut self.notice.resumed }.push(number);
            }
        }
        self.touched = touched;
        (!self.notice.is_empty()).then(|| core::mem::take(&mut self.notice))
    }

    /// A tree that is not done with, made up if it was never heard of.
    #[inline]
    fn state(&mut self, number: u64, tick: u32) -> Option<&mut State> {
        if number >= self.trees.end() {
            if number - self.told.min(number) > LEAP {
                return None;
            }
            self.make(number, tick);
        }
        self.trees.get_mut(number)
    }

    /// Makes up all trees up to that number.
    #[inline]
    fn make(&mut self, number: u64, tick: u32) {
        while self.trees.end() <= number {
            self.trees.push(State { xor: 0, held: 0, tick, is_rooted: false, is_parked: false });
        }
    }

    /// A tree was changed and, perhaps, is done with.
    #[inline]
    fn changed(&mut self, number: u64, is_done: Option<bool>) {
        match is_done {
            Some(true) => self.notice.ack(number),
            Some(false) => self.touch(number),
            None => {}
        }
    }

    #[inline]
    fn touch(&mut self, number: u64) {
        if self.is_ending {
            self.touched.push(number);
        }
    }
}
