//! Asks a topology that runs.

use super::protocol::{Answer, Ask, Request};
use super::socket;
use crate::failure::{CommandResult, Failure};
use crate::home::Home;
use crate::retrying::{LetterOutcome, Selection};
use anyhow::anyhow;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// A run that has just started listens after so long at most.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is tried.
const TRY: Duration = Duration::from_millis(20);
/// An answer that takes no work comes within so long.
const ANSWER: Duration = Duration::from_secs(10);

/// A connection to a topology that runs.
#[derive(Debug)]
pub(crate) struct Client {
    name: String,
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects to the topology of that name.
    ///
    /// # Errors
    /// When none of that name runs here, or it cannot be reached.
    pub(crate) fn connect(home: &Home, name: &str) -> CommandResult<Client> {
        let begun = Instant::now();
        loop {
            if !petrel_model::is_name(name) || !home.is_running(name) {
                return Err(Failure::Failed(not_running(home, name)));
            }
            match socket::connect(&home.run(name)) {
                Ok(stream) => return Ok(Client::of(name, stream).map_err(anyhow::Error::from)?),
                Err(error) if begun.elapsed() >= PATIENCE => {
                    return Err(Failure::Failed(anyhow!(error).context(format!(
                        "something holds the folder {} and does not listen there: another command works on it, or the run could \
                         not make its control socket and has said why",
                        home.run(name).display()
                    ))));
                }
                Err(_) => std::thread::sleep(TRY),
            }
        }
    }

    /// Connects, if a topology of that name runs and listens already.
    pub(crate) fn try_connect(home: &Home, name: &str) -> Option<Client> {
        let stream =
            Some(name).filter(|name| home.is_running(name)).and_then(|name| socket::connect(&home.run(name)).ok());
        Client::of(name, stream?).ok()
    }

    fn of(name: &str, stream: UnixStream) -> std::io::Result<Client> {
        stream.set_read_timeout(Some(ANSWER))?;
        stream.set_write_timeout(Some(ANSWER))?;
        Ok(Client { name: name.to_owned(), stream: BufReader::new(stream) })
    }

    /// Asks, and gives the one answer.
    ///
    /// # Errors
    /// When it is refused, or the topology ends meanwhile.
    pub(crate) fn ask(&mut self, ask: Ask) -> CommandResult<Answer> {
        self.send(ask)?;
        self.next_answer()
    }

    /// Has letters tried again, and gives what became of each to `each` as soon as it is known.
    ///
    /// # Errors
    /// As for [`ask`](Client::ask).
    pub(crate) fn retry(&mut self, selection: Selection, mut each: impl FnMut(LetterOutcome)) -> CommandResult {
        self.send(Ask::Retry(selection))?;
        // A plugin may take its time, and ask for a letter again in a day.
        self.stream.get_ref().set_read_timeout(None).map_err(anyhow::Error::from)?;
        loop {
            match self.next_answer()? {
                Answer::Letter(outcome) => each(outcome),
                Answer::Retried => return Ok(()),
                other => return Err(self.strange(&other)),
            }
        }
    }

    fn send(&mut self, ask: Ask) -> CommandResult {
        let line = format!("{}\n", Request::line(ask));
        match self.stream.get_mut().write_all(line.as_bytes()) {
            // Who refuses a connection says why before it closes it.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(self.lost(&error)),
            _ => Ok(()),
        }
    }

    /// Waits for the next answer.
    fn next_answer(&mut self) -> CommandResult<Answer> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) => Err(self.lost(&ErrorKind::UnexpectedEof.into())),
            Ok(_) => match Answer::read(&line) {
                Ok(Answer::Refused { usage: true, reason }) => Err(Failure::usage(reason)),
                Ok(Answer::Refused { usage: false, reason }) => Err(Failure::Failed(anyhow!(reason))),
                Ok(answer) => Ok(answer),
                Err(why) => Err(Failure::Failed(anyhow!("{} cannot be asked: {why}", self.name))),
            },
            Err(error) => Err(self.lost(&error)),
        }
    }

    /// What is told of an answer to something else.
    pub(crate) fn strange(&self, answer: &Answer) -> Failure {
        Failure::Failed(anyhow!("{} answers something else than what it was asked: {answer:?}", self.name))
    }

    fn lost(&self, error: &std::io::Error) -> Failure {
        Failure::Failed(anyhow!("{} does not answer, it has ended perhaps: {error}", self.name))
    }
}

/// Why there is nobody to ask, and what to do.
fn not_running(home: &Home, name: &str) -> anyhow::Error {
    let running: Vec<String> = home.run_names().into_iter().filter(|name| home.is_running(name)).collect();
    let hint = match running.as_slice() {
        [] => "nothing runs here: `petrel run` starts a topology".to_owned(),
        names => format!("there run {}", names.join(", ")),
    };
    anyhow!("no topology named {name} is running: {hint}")
}
