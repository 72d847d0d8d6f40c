//! Things that are numbered without gaps, are done with in about that order, and are found by their number.

use alloc::collections::{BTreeMap, VecDeque};
use core::ops::Range;

/// A window this short is left as it is, however empty it is.
const SHORT: usize = 1_024;

/// Of a longer one, at least one place in so many is in use.
const SPARSE: usize = 4;

/// A window over the numbers that are not done with, from the least of them on.
///
/// Finding one is indexing a deque. A straggler at the front, which keeps a long window of places that are not
/// needed any more, moves to a map: so the memory is in proportion to what is in use, whatever the range of the numbers.
#[derive(Clone, Debug)]
pub(crate) struct Numbered<T> {
    /// The number of the first place.
    base: u64,
    places: VecDeque<Option<T>>,
    /// Places in use.
    used: usize,
    /// All below `base`.
    stragglers: BTreeMap<u64, T>,
}

impl<T> Numbered<T> {
    /// Nothing, to begin with number 0.
    pub(crate) fn new() -> Numbered<T> {
        Numbered { base: 0, places: VecDeque::new(), used: 0, stragglers: BTreeMap::new() }
    }

    /// The number that the next one pushed gets.
    pub(crate) fn end(&self) -> u64 {
        self.base + self.places.len() as u64
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.used + self.stragglers.len()
    }

    /// Adds one.
    #[inline]
    pub(crate) fn push(&mut self, thing: T) {
        self.extend([thing]);
    }

    /// Adds several.
    #[inline]
    pub(crate) fn extend(&mut self, things: impl IntoIterator<Item = T>) {
        let before = self.places.len();
        self.places.extend(things.into_iter().map(Some));
        self.used += self.places.len() - before;
        // Here and not where things are taken out: that is done for each of them.
        self.trim();
        while self.places.len() > SHORT && self.used * SPARSE < self.places.len() {
            if let Some(Some(straggler)) = self.places.pop_front() {
                self.used -= 1;
                self.stragglers.insert(self.base, straggler);
                self.base += 1;
            }
            self.trim();
        }
    }

    /// The one of that number; none if it is done with or was never there.
    #[inline]
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        match number.checked_sub(self.base) {
            Some(place) => self.places.get_mut(usize::try_from(place).ok()?)?.as_mut(),
            None => self.stragglers.get_mut(&number),
        }
    }

    /// Changes the one of that number, and takes it out if it is done with: whether it is, or none if it is not there.
    #[inline]
    pub(crate) fn update(&mut self, number: u64, is_done: impl FnOnce(&mut T) -> bool) -> Option<bool> {
        let Some(index) = number.checked_sub(self.base) else {
            let done = is_done(self.stragglers.get_mut(&number)?);
            if done {
                self.stragglers.remove(&number);
            }
            return Some(done);
        };
        let place = self.places.get_mut(usize::try_from(index).ok()?)?;
        let done = is_done(place.as_mut()?);
        if done {
            *place = None;
            self.used -= 1;
        }
        Some(done)
    }

    /// Takes the one of that number out: it is done with.
    #[inline]
    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let Some(place) = number.checked_sub(self.base) else { return self.stragglers.remove(&number) };
        let removed = self.places.get_mut(usize::try_from(place).ok()?)?.take()?;
        self.used -= 1;
        Some(removed)
    }

    /// The numbers in that range that are there, in order, and what they name.
    pub(crate) fn range(&self, range: Range<u64>) -> impl Iterator<Item = (u64, &T)> {
        let stragglers =
            self.stragglers.range(range.start..range.end.max(range.start)).map(|(number, thing)| (*number, thing));
        let place = |number: u64| (number.saturating_sub(self.base) as usize).min(self.places.len());
        let (from, to) = (place(range.start), place(range.end));
        let numbers = self.base + from as u64..;
        let places = numbers.zip(self.places.range(from..to.max(from)));
        stragglers.chain(places.filter_map(|(number, place)| Some((number, place.as_ref()?))))
    }

    #[inline]
    fn trim(&mut self) {
        while let Some(None) = self.places.front() {
            self.places.pop_front();
            self.base += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn a_straggler_does_not_keep_a_million_places() {
        let mut numbered = Numbered::new();
        (0..1_000_000u64).for_each(|number| {
            numbered.push(number);
            if number % 100_000 != 7 {
                numbered.remove(number);
            }
        });
        assert!(numbered.places.len() <= SHORT, "{} places", numbered.places.len());
        assert_eq!(numbered.len(), 10);
        assert_eq!(numbered.get_mut(300_007), Some(&mut 300_007));
        assert_eq!(numbered.range(0..u64::MAX).map(|(number, _)| number % 100_000).collect::<Vec<_>>(), [7; 10]);
    }

    proptest! {
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((0u64..5_000, any::<bool>()), 0..6_000)) {
            let mut numbered = Numbered::new();
            let mut model = BTreeMap::new();
            for (number, pushes) in steps {
                if pushes {
                    model.insert(numbered.end(), number);
                    numbered.push(number);
                } else {
                    prop_assert_eq!(numbered.remove(number), model.remove(&number));
                }
                prop_assert_eq!(numbered.get_mut(number), model.get_mut(&number));
                prop_assert_eq!(numbered.len(), model.len());
            }
            for (number, kept) in model.clone() {
                let done = number % 3 == 0;
                prop_assert_eq!(numbered.update(number, |thing| { *thing += 1; done }), Some(done));
                if done { model.remove(&number) } else { model.insert(number, kept + 1) };
                prop_assert_eq!(numbered.update(number, |_| false).is_none(), done);
            }
            let all = |range: Range<u64>| numbered.range(range).map(|(number, thing)| (number, *thing)).collect::<Vec<_>>();
            for range in [0..u64::MAX, 100..2_000, 3_000..3_001] {
                let expected: Vec<_> = model.range(range.clone()).map(|(number, thing)| (*number, *thing)).collect();
                prop_assert_eq!(all(range), expected);
            }
        }
    }
}
