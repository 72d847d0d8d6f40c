//! Answers what is asked over the control socket of a run.

use super::protocol::{Answer, Ask, REQUEST_BYTES, Request};
use super::socket::{self, NAME};
use crate::home::dead_letters;
use crate::retrying::{LetterOutcome, Selection, feed};
use anyhow::Context;
use petrel_model::nearest;
use petrel_worker::RunHandle;
use petrel_worker::dead_letters::TakenOut;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

/// So many may ask at the same time.
const CONNECTIONS: usize = 16;
/// So many answers wait for who asks; more letters are not tried meanwhile than the run lets in.
const ANSWERS: usize = 64;
/// Who is connected and asks nothing for so long has to connect again.
const SILENCE: Duration = Duration::from_secs(60);
/// Who does not read its answers for so long gets no more.
const STALL: Duration = Duration::from_secs(10);
/// When the run is over, what is being answered is answered within so long, or not at all.
const GRACE: Duration = Duration::from_millis(500);
/// After a connection could not be accepted: there are too many open files, perhaps.
const REST: Duration = Duration::from_millis(100);

/// Listens as long as it lives, on a thread of its own: a busy run does not keep those waiting who ask, nor they the run.
pub(crate) struct ControlServer {
    socket: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What is asked about.
struct Served {
    handle: RunHandle,
    /// Of the run.
    folder: PathBuf,
    /// Who may ask, beside the superuser.
    owner: u32,
    room: Arc<Semaphore>,
    /// A permit is taken while a request is answered.
    answering: Semaphore,
}

impl ControlServer {
    /// Starts it, in the folder of the run, whose lock the caller holds.
    ///
    /// # Errors
    /// When there can be no socket there.
    pub(crate) fn start(folder: &Path, handle: RunHandle) -> anyhow::Result<ControlServer> {
        let path = folder.join(NAME);
        let listener = socket::listen(folder).with_context(|| format!("cannot listen on {}", path.display()))?;
        // What this process makes is its user's.
        let owner = std::fs::symlink_metadata(&path).with_context(|| format!("cannot see {}", path.display()))?.uid();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let served = Arc::new(Served {
            handle,
            folder: folder.to_path_buf(),
            owner,
            room: Arc::new(Semaphore::new(CONNECTIONS)),
            answering: Semaphore::new(CONNECTIONS),
        });
        let thread = std::thread::Builder::new().name("control".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, served.clone()) => {}
                    _ = stopped => drop(timeout(GRACE, served.answering.acquire_many(CONNECTIONS as u32)).await),
                }
            });
            runtime.shutdown_background();
        })?;
        Ok(ControlServer { socket: path, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.socket);
    }
}

async fn accept(listener: std::os::unix::net::UnixListener, served: Arc<Served>) {
    let Ok(listener) = UnixListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(REST).await;
            continue;
        };
        let room = served.room.clone().try_acquire_owned();
        let served = served.clone();
        tokio::spawn(async move {
            match room {
                Ok(_room) => served.talk(stream).await,
                Err(_) => {
                    let reason = format!("{CONNECTIONS} others are connected already: try again");
                    let _ = send(&mut stream.into_split().1, Answer::Refused { usage: false, reason }).await;
                }
            }
        });
    }
}

impl Served {
    /// Answers one request after the other.
    async fn talk(&self, stream: UnixStream) {
        // The folder and the socket are private; this holds also where somebody has opened the folder.
        let may_ask = stream.peer_cred().is_ok_and(|peer| peer.uid() == self.owner || peer.uid() == 0);
        let (reader, mut writer) = stream.into_split();
        if !may_ask {
            return;
        }
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bounded = (&mut reader).take(REQUEST_BYTES);
            match timeout(SILENCE, bounded.read_until(b'\n', &mut line)).await {
                Ok(Ok(bytes)) if bytes > 0 => {}
                _ => return,
            }
            let is_whole = line.last() == Some(&b'\n');
            let answer = match is_whole {
                true => Request::read(&line),
                false => Err(Answer::Refused {
                    usage: true,
                    reason: format!("a request is a line of {REQUEST_BYTES} bytes at most"),
                }),
            };
            let _answering = self.answering.acquire().await;
            let sent = match answer {
                Ok(ask) => self.answer(ask, &mut writer).await,
                Err(refused) => send(&mut writer, refused).await,
            };
            if sent.is_err() || !is_whole {
                return;
            }
        }
    }

    async fn answer(&self, ask: Ask, writer: &mut OwnedWriteHalf) -> Result<(), Gone> {
        match ask {
            Ask::Report => {
                let report = serde_json::to_value(self.handle.report()).unwrap_or_default();
                send(writer, Answer::Report { pid: std::process::id(), report }).await
            }
            Ask::Resume { component } => send(writer, self.resume(component.as_deref())).await,
            Ask::Retry(selection) => self.retry(selection, writer).await,
            Ask::Drop { numbers } => send(writer, self.drop_letters(numbers).await).await,
        }
    }

    async fn retry(&self, selection: Selection, writer: &mut OwnedWriteHalf) -> Result<(), Gone> {
        let (sender, outcomes) = mpsc::channel(ANSWERS);
        let feeding = feed(&self.handle, dead_letters(&self.folder), selection, sender);
        let (fed, told) = tokio::join!(feeding, send_outcomes(outcomes, writer));
        told?;
        let answer = match fed {
            Ok(()) => Answer::Retried,
            Err(error) => Answer::Refused { usage: false, reason: format!("{error:#}") },
        };
        send(writer, answer).await
    }

    /// The run's own writer takes them out: nobody else may write there.
    async fn drop_letters(&self, numbers: Option<Vec<u64>>) -> Answer {
        match self.handle.drop_letters(numbers).await {
            Ok(TakenOut { letters, missing, left }) => Answer::Dropped { dropped: letters, missing, left },
            Err(reason) => Answer::Refused { usage: false, reason },
        }
    }

    fn resume(&self, component: Option<&str>) -> Answer {
        if let Some(refused) = component.and_then(|name| self.unknown(name)) {
            return refused;
        }
        Answer::Resumed { tasks: self.handle.resume(component.map(Into::into).as_ref()) as u64 }
    }

    /// The answer to a component that is not there.
    fn unknown(&self, name: &str) -> Option<Answer> {
        let assignment = self.handle.assignment();
        let names: Vec<&str> = assignment.components.iter().map(|component| component.name.as_str()).collect();
        if names.contains(&name) {
            return None;
        }
        let hint = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("it has {}", names.join(", ")),
        };
        Some(Answer::Refused {
            usage: true,
            reason: format!("{} has no component {name}: {hint}", assignment.topology),
        })
    }
}

/// When it ends, the other side learns that nobody listens any more.
async fn send_outcomes(mut outcomes: mpsc::Receiver<LetterOutcome>, writer: &mut OwnedWriteHalf) -> Result<(), Gone> {
    while let Some(outcome) = outcomes.recv().await {
        send(writer, Answer::Letter(outcome)).await?;
    }
    Ok(())
}

/// Nobody reads answers any more.
#[derive(Debug)]
struct Gone;

async fn send(writer: &mut OwnedWriteHalf, answer: Answer) -> Result<(), Gone> {
    match timeout(STALL, writer.write_all(&answer.line())).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Gone),
    }
}
