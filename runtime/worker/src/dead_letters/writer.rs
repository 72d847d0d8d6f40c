//! A thread that writes letters, so that no task waits for a disk unless the queue is full.

use super::fate::Fate;
use super::letter::Letter;
use super::store::{Appended, Store, StoreError, TakenOut};
use petrel_model::DeadLetterLimits;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot::{Sender as Answer, channel as answer_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Tuples that may wait to be written, in KiB.
const QUEUE_KIB: usize = 8 << 10;
/// Beside its tuple a letter counts for so much.
const LETTER_BYTES: usize = 2 << 10;
/// Written at once at most.
const BATCH: usize = 4_096;
/// Why an order is not carried out after the end.
const NOBODY: &str = "nobody writes dead letters any more";
/// How often it is looked for letters that are too old while none come.
const LOOK: Duration = Duration::from_secs(60);

/// Where tasks put letters.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    orders: Sender<Order>,
    room: Arc<Semaphore>,
    counts: Arc<Counts>,
}

#[derive(Debug)]
enum Order {
    Put(Box<Letter>, OwnedSemaphorePermit),
    Settle(Settlement),
    Remove(Removal),
    Finish,
}

/// Letters that somebody wants out of the store.
#[derive(Debug)]
struct Removal {
    /// These; none: all, and what is damaged.
    numbers: Option<Vec<u64>>,
    answer: Answer<Result<TakenOut, String>>,
}

/// A letter that was tried again is to leave the store.
#[derive(Debug)]
struct Settlement {
    number: u64,
    /// The one that takes its place.
    successor: Option<Box<Letter>>,
    /// What is answered if it goes well.
    fate: Fate,
    answer: Answer<Fate>,
}

impl Settlement {
    fn unsettled(self, why: String) {
        let fate = Fate::Unsettled { processed: self.fate == Fate::Processed, why };
        // Nobody need wait for it.
        let _ = self.answer.send(fate);
    }
}

#[derive(Debug, Default)]
struct Counts {
    stored: AtomicU64,
    lost: AtomicU64,
    dropped: AtomicU64,
}

/// What became of letters since the writer was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct DeadLetterCounts {
    /// They are in the store.
    pub stored: u64,
    /// They could not be stored.
    pub lost: u64,
    /// Older ones that had to go for want of room or for their age.
    pub dropped: u64,
}

impl DeadLetters {
    /// Takes a letter. Waits while too much waits to be written.
    pub async fn put(&self, letter: Letter) {
        let kib = (letter.tuple.len() + LETTER_BYTES).div_ceil(1 << 10).min(QUEUE_KIB);
        let room = self.room.clone().acquire_many_owned(kib as u32).await;
        let Ok(room) = room else { return self.lose() };
        if self.orders.send(Order::Put(Box::new(letter), room)).is_err() {
            self.lose();
        }
    }

    /// Takes letters out that were processed. Says of each whether that could be done.
    pub async fn take_out(&self, numbers: impl IntoIterator<Item = u64>) -> Vec<Fate> {
        // All of them are asked for before the first is awaited, so that they are written together.
        let take_out = |number| {
            let (sender, answer) = answer_channel();
            self.settle(number, Fate::Processed, None, sender);
            answer
        };
        let answers: Vec<_> = numbers.into_iter().map(take_out).collect();
        let mut fates = Vec::new();
        for answer in answers {
            fates.push(answer.await.unwrap_or(Fate::Unsettled { processed: true, why: NOBODY.to_owned() }));
        }
        fates
    }

    /// Takes letters out, whatever became of them: these, or all there are, and what is damaged. What was put before is there
    /// then. One that is being tried again meanwhile may come back with another number.
    ///
    /// # Errors
    /// Why the store could not be changed, in words.
    pub async fn remove(&self, numbers: Option<Vec<u64>>) -> Result<TakenOut, String> {
        let (answer, removed) = answer_channel();
        let nobody = |_| NOBODY.to_owned();
        self.orders.send(Order::Remove(Removal { numbers, answer })).map_err(|_| NOBODY.to_owned())?;
        removed.await.map_err(nobody)?
    }

    /// Takes a letter out that was tried again, puts another one in its place where there is one, and answers. Waits for
    /// nothing: no more come at the same time than may be tried at the same time.
    pub(crate) fn settle(&self, number: u64, fate: Fate, successor: Option<Letter>, answer: Answer<Fate>) {
        let settlement = Settlement { number, successor: successor.map(Box::new), fate, answer };
        if let Err(refused) = self.orders.send(Order::Settle(settlement))
            && let Order::Settle(settlement) = refused.0
        {
            settlement.unsettled(NOBODY.to_owned());
        }
    }

    /// What became of letters so far.
    pub fn counts(&self) -> DeadLetterCounts {
        let Counts { stored, lost, dropped } = &*self.counts;
        DeadLetterCounts { stored: stored.load(Relaxed), lost: lost.load(Relaxed), dropped: dropped.load(Relaxed) }
    }

    fn lose(&self) {
        self.counts.lost.fetch_add(1, Relaxed);
    }
}

/// The thread that writes the letters of a run.
#[derive(Debug)]
pub struct DeadLetterWriter {
    letters: DeadLetters,
    thread: JoinHandle<()>,
}

impl DeadLetterWriter {
    /// Starts the thread. The folder's store is opened there, and nowhere else meanwhile. `tell` is given what a person
    /// should know, a sentence at a time.
    pub fn start(
        folder: PathBuf,
        limits: DeadLetterLimits,
        tell: impl Fn(String) + Send + 'static,
    ) -> DeadLetterWriter {
        let (orders, queue) = channel();
        let counts = Arc::new(Counts::default());
        let letters = DeadLetters { orders, room: Arc::new(Semaphore::new(QUEUE_KIB)), counts: counts.clone() };
        let writing = Writing { folder, limits, tell, counts, store: None, failing: 0 };
        let thread = std::thread::spawn(move || writing.work(&queue));
        DeadLetterWriter { letters, thread }
    }

    /// Where letters are to be put.
    pub fn letters(&self) -> DeadLetters {
        self.letters.clone()
    }

    /// Writes what was put so far and ends. What is put afterwards is lost, and counted.
    pub fn finish(self) -> DeadLetterCounts {
        let _ = self.letters.orders.send(Order::Finish);
        let _ = self.thread.join();
        self.letters.counts()
    }
}

struct Writing<T> {
    folder: PathBuf,
    limits: DeadLetterLimits,
    tell: T,
    counts: Arc<Counts>,
    store: Option<Store>,
    /// Letters lost since the last one that could be stored.
    failing: u64,
}

impl<T: Fn(String)> Writing<T> {
    fn work(mut self, queue: &Receiver<Order>) {
        // What an earlier run left behind is repaired, told and trimmed, whether or not letters come.
        if let Err(error) = self.open() {
            (self.tell)(format!("dead letters: {error}"));
        }
        self.trim();
        loop {
            let mut next = match queue.recv_timeout(LOOK) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => {
                    self.trim();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let (mut letters, mut rooms, mut settlements, mut finish) = (Vec::new(), Vec::new(), Vec::new(), false);
            let mut removals = Vec::new();
            while let Some(order) = next {
                match order {
                    Order::Put(letter, room) => {
                        letters.push(*letter);
                        rooms.push(room);
                    }
                    Order::Settle(settlement) => settlements.push(settlement),
                    Order::Remove(removal) => removals.push(removal),
                    Order::Finish => finish = true,
                }
                // What comes after a removal is not to be removed.
                let goes_on = !finish && removals.is_empty() && letters.len() + settlements.len() < BATCH;
                next = goes_on.then(|| queue.try_recv().ok()).flatten();
            }
            if !letters.is_empty() {
                self.write(letters);
            }
            drop(rooms);
            self.settle(settlements);
            for Removal { numbers, answer } in removals {
                // Nobody need wait for it.
                let _ = answer.send(self.remove(numbers).map_err(|error| error.to_string()));
            }
            if finish {
                break;
            }
        }
        if self.failing > 0 {
            (self.tell)(format!("dead letters: {} could not be stored", self.failing));
        }
    }

    fn open(&mut self) -> Result<&mut Store, StoreError> {
        if self.store.is_none() {
            let (store, damage) = Store::open(&self.folder, self.limits)?;
            for part in damage {
                let done = if part.torn { "; that end is cut off" } else { "; the rest is read" };
                (self.tell)(format!("dead letters: {part}{done}"));
            }
            return Ok(self.store.insert(store));
        }
        Ok(self.store.as_mut().expect("it is there"))
    }

    fn write(&mut self, mut letters: Vec<Letter>) {
        match self.append(&mut letters) {
            Ok(()) => {}
            Err(_) if letters.len() > 1 => {
                // Some of them may still find room.
                for letter in letters {
                    if let Err(error) = self.append(&mut vec![letter]) {
                        self.lose(1, &error.to_string());
                    }
                }
            }
            Err(error) => self.lose(letters.len() as u64, &error.to_string()),
        }
    }

    fn append(&mut self, letters: &mut Vec<Letter>) -> Result<(), StoreError> {
        let Appended { dropped, too_large } = self.open()?.append(letters, now_us())?;
        for why in &too_large {
            self.counts.lost.fetch_add(1, Relaxed);
            (self.tell)(format!("a dead letter is lost: {why}"));
        }
        self.counts.stored.fetch_add(letters.len() as u64, Relaxed);
        if self.failing > 0 && !letters.is_empty() {
            (self.tell)(format!("dead letters can be stored again; {} could not be", self.failing));
            self.failing = 0;
        }
        self.tell_dropped(dropped);
        Ok(())
    }

    /// Letters that failed again are stored before the old ones are taken out: if the process dies in between, both are there.
    fn settle(&mut self, settlements: Vec<Settlement>) {
        let mut done = Vec::new();
        for mut settlement in settlements {
            let Some(letter) = settlement.successor.take() else {
                done.push(settlement);
                continue;
            };
            let mut letters = vec![*letter];
            match self.append(&mut letters) {
                Ok(()) if letters.is_empty() => settlement.unsettled("the new letter is too large".to_owned()),
                Ok(()) => {
                    if let Fate::Failed { number, .. } = &mut settlement.fate {
                        *number = letters[0].number;
                    }
                    done.push(settlement);
                }
                Err(error) => settlement.unsettled(error.to_string()),
            }
        }
        if done.is_empty() {
            return;
        }
        let removed =
            self.open().and_then(|store| store.remove(done.iter().map(|it| it.number))).map_err(|it| it.to_string());
        for settlement in done {
            match &removed {
                Ok(_) => drop(settlement.answer.send(settlement.fate)),
                Err(why) => settlement.unsettled(why.clone()),
            }
        }
    }

    fn remove(&mut self, numbers: Option<Vec<u64>>) -> Result<TakenOut, StoreError> {
        self.open()?.take(numbers)
    }

    fn trim(&mut self) {
        let Some(store) = &mut self.store else { return };
        match store.trim(now_us()) {
            Ok(dropped) => self.tell_dropped(dropped),
            Err(error) => (self.tell)(format!("dead letters: {error}")),
        }
    }

    fn tell_dropped(&mut self, dropped: u64) {
        if dropped > 0 {
            let before = self.counts.dropped.fetch_add(dropped, Relaxed);
            // Under a flood they go again and again: that it happens is told once, how many in the report.
            if before == 0 {
                (self.tell)(format!(
                    "the {dropped} oldest dead letters had to go: `dead_letters.max_mb` or `max_age_h` is reached"
                ));
            }
        }
    }

    /// Told once until it works again.
    fn lose(&mut self, letters: u64, why: &str) {
        self.counts.lost.fetch_add(letters, Relaxed);
        if self.failing == 0 {
            (self.tell)(format!("dead letters cannot be stored and are lost, the topology goes on: {why}"));
        }
        self.failing += letters;
    }
}

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead_letters::read;
    use std::sync::Mutex;
    use tempfile::TempDir;

    struct Told(Arc<Mutex<Vec<String>>>);

    impl Told {
        fn start(folder: &TempDir) -> (DeadLetterWriter, Told) {
            let told = Arc::new(Mutex::new(Vec::new()));
            let (path, tell) = (folder.path().join("letters"), told.clone());
            let tell = move |text| tell.lock().unwrap().push(text);
            (DeadLetterWriter::start(path, DeadLetterLimits::default(), tell), Told(told))
        }

        fn texts(&self) -> Vec<String> {
            self.0.lock().unwrap().clone()
        }
    }

    async fn put(letters: &DeadLetters, count: usize, bytes: usize) {
        for _ in 0..count {
            letters.put(Letter::sample("x", now_us(), bytes)).await;
        }
    }

    #[tokio::test]
    async fn everything_that_was_put_is_there_at_the_end() {
        let folder = TempDir::new().unwrap();
        let (writer, told) = Told::start(&folder);
        let letters = writer.letters();
        // Far more than the queue holds.
        put(&letters, 400, 100_000).await;
        put(&letters, 1, 10 << 20).await;
        let counts = writer.finish();
        assert_eq!(counts, DeadLetterCounts { stored: 401, ..DeadLetterCounts::default() });
        assert_eq!(read(&folder.path().join("letters"), false, |_| {}).unwrap().letters, 401);
        assert_eq!(told.texts(), [""; 0]);
        put(&letters, 1, 1).await;
        assert_eq!(letters.counts().lost, 1, "nobody writes any more");
    }

    #[tokio::test]
    async fn a_letter_that_was_tried_again_leaves_or_is_replaced() {
        let folder = TempDir::new().unwrap();
        let (writer, _) = Told::start(&folder);
        let letters = writer.letters();
        put(&letters, 3, 10).await;
        assert_eq!(letters.take_out([1]).await, [Fate::Processed]);
        let (sender, answer) = answer_channel();
        let failed = |number| Fate::Failed { number, kind: "trap".into(), reason: "y".into(), attempts: 2 };
        letters.settle(2, failed(0), Some(Letter { attempts: 2, ..Letter::sample("y", now_us(), 10) }), sender);
        assert_eq!(answer.await, Ok(failed(4)), "the new letter's number");
        assert_eq!(writer.finish(), DeadLetterCounts { stored: 4, ..DeadLetterCounts::default() });
        let mut left = Vec::new();
        read(&folder.path().join("letters"), false, |letter| left.push((letter.number, letter.attempts))).unwrap();
        assert_eq!(left, [(3, 1), (4, 2)]);
        let unsettled = Fate::Unsettled { processed: true, why: NOBODY.to_owned() };
        assert_eq!(letters.take_out([3]).await, [unsettled], "nobody writes any more");
    }

    #[tokio::test]
    async fn letters_are_taken_out_beside_those_that_come() {
        let folder = TempDir::new().unwrap();
        let (writer, _) = Told::start(&folder);
        let letters = writer.letters();
        let removing = async {
            // What was put before is there; what is put later is not meant by `all`.
            put(&letters, 3, 10).await;
            let some = letters.remove(Some(vec![2, 9, 2])).await.unwrap();
            let (all, ()) = tokio::join!(letters.remove(None), put(&letters, 2, 10));
            (some, all.unwrap())
        };
        let (some, all) = removing.await;
        assert_eq!(some, TakenOut { letters: 1, missing: vec![9], left: 2 });
        assert_eq!(all, TakenOut { letters: 2, missing: vec![], left: 0 });
        assert_eq!(writer.finish().stored, 5);
        let mut left = Vec::new();
        read(&folder.path().join("letters"), false, |letter| left.push(letter.number)).unwrap();
        assert_eq!(left, [4, 5], "numbers are never given again");
        assert_eq!(letters.remove(None).await, Err(NOBODY.to_owned()));
    }

    #[tokio::test]
    async fn a_letter_that_cannot_be_taken_out_is_told_and_stays() {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("letters"), "a file where a folder should be").unwrap();
        let (writer, _) = Told::start(&folder);
        let fate = writer.letters().take_out([1]).await;
        assert!(matches!(&fate[0], Fate::Unsettled { processed: true, why } if why.contains("letters")), "{fate:?}");
        assert!(writer.letters().remove(None).await.unwrap_err().contains("letters"));
        let (sender, answer) = answer_channel();
        let failed = Fate::Failed { number: 0, kind: "trap".into(), reason: "y".into(), attempts: 2 };
        writer.letters().settle(1, failed, Some(Letter::sample("y", now_us(), 10)), sender);
        assert!(matches!(answer.await.unwrap(), Fate::Unsettled { processed: false, .. }));
        assert_eq!(writer.finish().stored, 0);
    }

    #[tokio::test]
    async fn a_store_that_refuses_is_told_once_and_loses_what_it_counts() {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("letters"), "a file where a folder should be").unwrap();
        let (writer, told) = Told::start(&folder);
        put(&writer.letters(), 3, 10).await;
        while writer.letters().counts().lost < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::fs::remove_file(folder.path().join("letters")).unwrap();
        put(&writer.letters(), 2, 10).await;
        assert_eq!(writer.finish(), DeadLetterCounts { stored: 2, lost: 3, dropped: 0 });
        let texts = told.texts();
        assert!(texts.iter().any(|text| text.contains("are lost, the topology goes on")), "{texts:?}");
        assert!(texts.iter().any(|text| text.contains("can be stored again; 3 could not be")), "{texts:?}");
        assert!(texts.len() <= 3, "{texts:?}");
    }
}
