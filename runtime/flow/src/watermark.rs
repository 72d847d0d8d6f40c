//! Event time: how far all inputs have come.

/// No watermark yet.
pub(crate) const NONE: i64 = i64::MIN;

/// Everything has come: what an ended channel counts as.
pub(crate) const END: i64 = i64::MAX;

/// The watermark of a task: the minimum over its input channels, which never falls.
#[derive(Clone, Debug)]
pub(crate) struct Watermark {
    current: i64,
}

impl Watermark {
    /// Of a task that has seen nothing.
    pub(crate) fn new() -> Watermark {
        Watermark { current: NONE }
    }

    /// In µs.
    pub(crate) fn current(&self) -> i64 {
        self.current
    }

    /// Advances to the minimum of what the channels say. Says whether it moved.
    pub(crate) fn update(&mut self, channels: impl Iterator<Item = i64>) -> bool {
        let least = channels.min().unwrap_or(NONE);
        let moved = least > self.current;
        if moved {
            self.current = least;
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_slowest_channel_and_never_falls() {
        let mut watermark = Watermark::new();
        assert!(!watermark.update([5, NONE].into_iter()));
        assert!(watermark.update([5, 3].into_iter()));
        assert_eq!(watermark.current(), 3);
        assert!(!watermark.update([5, 2].into_iter()));
        assert_eq!(watermark.current(), 3);
        assert!(watermark.update([5, END].into_iter()));
        assert_eq!(watermark.current(), 5);
    }

    #[test]
    fn without_channels_there_is_none() {
        assert!(!Watermark::new().update(core::iter::empty()));
    }
}
