//! The sizes and times that decide how frames are cut, held and bounded.

/// How a task cuts, holds and bounds what flows through it. The default is for production; tests use tiny sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// What a spout is asked for, and up to what small frames are joined, in bytes.
    pub frame_bytes: u32,
    /// What a spout is asked for, in rows.
    pub frame_rows: u32,
    /// A frame of at least so many bytes is passed on alone, without a copy.
    pub whole_bytes: u32,
    /// A longer frame is given to a bolt in slices of about this size.
    pub slice_bytes: u32,
    /// How long small outputs may wait for company while their receiver is busy.
    pub linger_us: i64,
    /// Bytes that may be sent on a channel and not yet be processed. One frame is always allowed.
    pub window_bytes: u64,
    /// Frames of at least so many rows get a dictionary when they are spread by one text key.
    pub dictionary_rows: u32,
    /// Due timers given to one call at most.
    pub timer_rows: u32,
    /// How often a tuple is tried again before it is rejected.
    pub retries: u32,
    /// After so many rows condemned one after the other, a task is paused.
    pub breaker_rows: u32,
    /// After so long without a call that passes, while calls fail, a task is paused.
    pub breaker_us: i64,
}

impl Tuning {
    /// The default with frames of another size. What depends on it keeps its ratio to it.
    pub fn with_frame_bytes(frame_bytes: u32) -> Tuning {
        let usual = Tuning::default();
        let scaled = |bytes: u64| (bytes * u64::from(frame_bytes) / u64::from(usual.frame_bytes)).max(1);
        let scaled_32 = |bytes: u32| scaled(u64::from(bytes)).min(u64::from(u32::MAX)) as u32;
        Tuning {
            frame_bytes: frame_bytes.max(1),
            whole_bytes: scaled_32(usual.whole_bytes),
            slice_bytes: scaled_32(usual.slice_bytes),
            window_bytes: scaled(usual.window_bytes),
            ..usual
        }
    }
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning {
            frame_bytes: 64 << 10,
            frame_rows: 65_536,
            whole_bytes: 16 << 10,
            slice_bytes: 256 << 10,
            linger_us: 1_000,
            window_bytes: 1 << 20,
            dictionary_rows: 1_000,
            timer_rows: 4_096,
            retries: 3,
            breaker_rows: 1_000,
            breaker_us: 30_000_000,
        }
    }
}
