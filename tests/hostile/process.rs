//! A process that is watched: what it takes of memory and of the machine.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A process, which ends with the test.
pub(crate) struct Process {
    child: Child,
    /// The most memory that it took, as far as was seen.
    pub(crate) memory_kib: u64,
    /// The time of all its threads, as far as was seen.
    pub(crate) cpu_s: f64,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Process {
        Process { child: command.spawn().expect("petrel starts"), memory_kib: 0, cpu_s: 0.0 }
    }

    /// Watches it until it has ended, the time is over, or something has happened. Says whether it has ended.
    pub(crate) fn watch(&mut self, time: Duration, happened: impl Fn() -> bool) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < time && !happened() {
            if self.child.try_wait().expect("it can be asked").is_some() {
                return true;
            }
            self.memory_kib = self.peak_kib().unwrap_or(0).max(self.memory_kib);
            self.cpu_s = self.time_s().unwrap_or(self.cpu_s);
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// What it took at most up to now; nothing when it is gone.
    fn peak_kib(&self) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// What its threads ran up to now, in user code and in the system.
    fn time_s(&self) -> Option<f64> {
        const TICKS_PER_S: f64 = 100.0; // on every Linux
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // The name of the program, in parentheses, may have anything in it. After it come eleven fields and then the two times.
        let mut times = text.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || times.next()?.parse::<f64>().ok();
        Some((ticks()? + ticks()?) / TICKS_PER_S)
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(&mut self) {
        let status = Command::new("kill").args(["-s", "INT", &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
