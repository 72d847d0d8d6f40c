//! Where a run's chance comes from.

/// Different for every run: random numbers of guests are not to repeat.
pub(crate) fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}
