//! Producers before consumers.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// An order of the components in which every producer comes before its consumers; among those that could come next,
/// the one that was written first.
///
/// `producers[i]` are the components that component `i` reads from.
///
/// # Errors
///
/// A circle: components each of which reads from the next, and the last from the first.
pub(crate) fn producers_first(producers: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut missing: Vec<BTreeSet<usize>> = producers.iter().map(|from| from.iter().copied().collect()).collect();
    let mut consumers: Vec<Vec<usize>> = alloc::vec![Vec::new(); producers.len()];
    for (consumer, from) in missing.iter().enumerate() {
        for producer in from {
            consumers[*producer].push(consumer);
        }
    }
    let mut ready: BTreeSet<usize> = (0..producers.len()).filter(|i| missing[*i].is_empty()).collect();
    let mut order = Vec::with_capacity(producers.len());
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for consumer in &consumers[next] {
            missing[*consumer].remove(&next);
            if missing[*consumer].is_empty() {
                ready.insert(*consumer);
            }
        }
    }
    match missing.iter().position(|missing| !missing.is_empty()) {
        None => Ok(order),
        Some(start) => Err(circle(&missing, start)),
    }
}

/// Follows producers that never became ready until one comes again.
fn circle(missing: &[BTreeSet<usize>], start: usize) -> Vec<usize> {
    let mut path = alloc::vec![start];
    loop {
        let last = path[path.len() - 1];
        let next = missing[last].first().copied().unwrap_or(last);
        if let Some(at) = path.iter().position(|seen| *seen == next) {
            return path.split_off(at);
        }
        path.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn written_order_decides_among_equals() {
        assert_eq!(producers_first(&[vec![], vec![], vec![]]), Ok(vec![0, 1, 2]));
        assert_eq!(producers_first(&[vec![2], vec![0], vec![]]), Ok(vec![2, 0, 1]));
        assert_eq!(producers_first(&[vec![1, 1], vec![]]), Ok(vec![1, 0]));
    }

    #[test]
    fn a_circle_is_found_without_what_hangs_on_it() {
        // 0 reads from the circle 1 -> 2 -> 1; 3 stands alone.
        assert_eq!(producers_first(&[vec![1], vec![2], vec![1], vec![]]), Err(vec![1, 2]));
        assert_eq!(producers_first(&[vec![0]]), Err(vec![0]));
    }
}
