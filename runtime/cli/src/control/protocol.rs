//! What is said over a control socket: a request, and its answers. Each is one line of JSON.

use crate::retrying::{LetterOutcome, Selection};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the protocol. It counts up when an older reader would misunderstand.
pub(crate) const VERSION: u32 = 1;
/// A request is a line of so many bytes at most.
pub(crate) const REQUEST_BYTES: u64 = 1 << 20;

/// A request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    version: u32,
    #[serde(flatten)]
    ask: Ask,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// The figures now. Answered by one `report`.
    Report,
    /// Paused tasks are to go on. Answered by one `resumed`.
    Resume {
        /// Those of this component, or of all.
        component: Option<String>,
    },
    /// Dead letters are to be tried again. Answered by one `letter` for each, as soon as it is known, and then `retried`.
    Retry(Selection),
    /// Dead letters are to go. Answered by one `dropped`.
    Drop {
        /// These, or all, and what is damaged.
        numbers: Option<Vec<u64>>,
    },
}

/// An answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reply {
    version: u32,
    #[serde(flatten)]
    answer: Answer,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// To `report`.
    Report {
        /// The process that runs it.
        pid: u32,
        /// As `petrel run -o json` has it for one topology.
        report: Value,
    },
    /// To `resume`.
    Resumed {
        /// How many tasks were paused, and go on.
        tasks: u64,
    },
    /// To `retry`, for each letter.
    Letter(LetterOutcome),
    /// To `retry`, when there are no more.
    Retried,
    /// To `drop`.
    Dropped {
        /// How many letters are gone.
        dropped: u64,
        /// Numbers that were asked for and are not there.
        missing: Vec<u64>,
        /// How many letters there are still.
        left: u64,
    },
    /// To anything that cannot be done.
    Refused {
        /// The request itself is wrong, whatever the topology does.
        usage: bool,
        /// Why, and what to do.
        reason: String,
    },
}

impl Request {
    /// A request as a line, without its newline.
    pub(crate) fn line(ask: Ask) -> String {
        serde_json::to_string(&Request { version: VERSION, ask }).expect("requests are plain values")
    }

    /// Reads a line.
    ///
    /// # Errors
    /// The answer to a line that is no request of this version.
    pub(crate) fn read(line: &[u8]) -> Result<Ask, Answer> {
        let refused = |reason: String| Answer::Refused { usage: true, reason };
        let value: Value =
            serde_json::from_slice(line).map_err(|error| refused(format!("a request is a line of JSON: {error}")))?;
        match value["version"].as_u64() {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => {
                return Err(refused(format!(
                    "the topology is run by petrel {}, which speaks version {VERSION} of the control protocol and not {version}: \
                     use the same petrel for both",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            None => return Err(refused("a request has a version, which is a number".to_owned())),
        }
        let request: Request =
            serde_json::from_value(value).map_err(|error| refused(format!("a request of no known kind: {error}")))?;
        Ok(request.ask)
    }
}

impl Answer {
    /// An answer as a line, with its newline.
    pub(crate) fn line(self) -> Vec<u8> {
        let mut line = serde_json::to_vec(&Reply { version: VERSION, answer: self }).expect("answers are plain values");
        line.push(b'\n');
        line
    }

    /// Reads a line.
    ///
    /// # Errors
    /// Why it is no answer of this version.
    pub(crate) fn read(line: &str) -> Result<Answer, String> {
        let reply: Reply = serde_json::from_str(line).map_err(|error| format!("it answers strangely: {error}"))?;
        match reply.version {
            VERSION => Ok(reply.answer),
            version => Err(format!("it speaks version {version} of the control protocol, and this petrel {VERSION}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_as_documented() {
        assert_eq!(Request::line(Ask::Report), r#"{"version":1,"ask":"report"}"#);
        let resume = Ask::Resume { component: Some("split".into()) };
        assert_eq!(Request::line(resume.clone()), r#"{"version":1,"ask":"resume","component":"split"}"#);
        assert_eq!(Request::read(Request::line(resume.clone()).as_bytes()), Ok(resume));
        assert_eq!(Request::read(br#"{"version":1,"ask":"resume"}"#), Ok(Ask::Resume { component: None }));
        let retry = Ask::Retry(Selection { numbers: Some(vec![3]), component: None, kind: Some("trap".into()) });
        let line = Request::line(retry.clone());
        assert_eq!(line, r#"{"version":1,"ask":"retry","numbers":[3],"component":null,"kind":"trap"}"#);
        assert_eq!(Request::read(line.as_bytes()), Ok(retry));
        assert_eq!(Request::read(br#"{"version":1,"ask":"retry"}"#), Ok(Ask::Retry(Selection::default())));
        let drop = Ask::Drop { numbers: Some(vec![3, 4]) };
        let line = Request::line(drop.clone());
        assert_eq!(line, r#"{"version":1,"ask":"drop","numbers":[3,4]}"#);
        assert_eq!(Request::read(line.as_bytes()), Ok(drop));
        assert_eq!(Request::read(br#"{"version":1,"ask":"drop"}"#), Ok(Ask::Drop { numbers: None }));
        let line = String::from_utf8(Answer::Dropped { dropped: 1, missing: vec![9], left: 2 }.line()).unwrap();
        assert_eq!(line, "{\"version\":1,\"answer\":\"dropped\",\"dropped\":1,\"missing\":[9],\"left\":2}\n");
        let line = String::from_utf8(Answer::Resumed { tasks: 2 }.line()).unwrap();
        assert_eq!(line, "{\"version\":1,\"answer\":\"resumed\",\"tasks\":2}\n");
        assert_eq!(Answer::read(&line), Ok(Answer::Resumed { tasks: 2 }));
    }

    #[test]
    fn what_is_no_request_is_refused_with_the_reason() {
        for (line, why) in [
            ("nonsense", "a line of JSON"),
            ("{}", "has a version"),
            (r#"{"version":2,"ask":"report"}"#, "version 1 of the control protocol and not 2"),
            (r#"{"version":1,"ask":"dance"}"#, "no known kind"),
            ("\u{0}", "a line of JSON"),
        ] {
            let Err(Answer::Refused { usage: true, reason }) = Request::read(line.as_bytes()) else { panic!("{line}") };
            assert!(reason.contains(why), "{line}: {reason}");
        }
        assert!(Answer::read(r#"{"version":9,"answer":"resumed","tasks":1}"#).unwrap_err().contains("version 9"));
    }
}
