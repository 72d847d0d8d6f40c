//! Problems of a topology, shown in its source: file, line, column, what, why, what to do next.

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report, Severity};
use petrel_model::Problem;
use std::fmt;
use std::io::IsTerminal;

/// All problems of one topology file.
#[derive(Debug)]
pub(crate) struct Problems {
    /// The file's name as the user gave it.
    pub(crate) file: String,
    /// Its text.
    pub(crate) text: String,
    /// At least one.
    pub(crate) problems: Vec<Problem>,
}

impl Problems {
    /// Line and column of a problem, each from 1.
    pub(crate) fn position(&self, problem: &Problem) -> Option<(usize, usize)> {
        let at = problem.span.as_ref()?.start.min(self.text.len());
        let before = &self.text.as_bytes()[..at];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        Some((line, String::from_utf8_lossy(&before[line_start..]).chars().count() + 1))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
        for problem in &self.problems {
            let mut diagnostic = MietteDiagnostic::new(problem.message.clone()).with_severity(Severity::Error);
            if let Some(help) = &problem.help {
                diagnostic = diagnostic.with_help(help.clone());
            }
            match self.position(problem) {
                Some((line, column)) => writeln!(f, "error: {}:{line}:{column}", self.file)?,
                None => writeln!(f, "error: {}", self.file)?,
            }
            if let Some(span) = &problem.span {
                diagnostic = diagnostic.with_label(LabeledSpan::new_with_span(None, span.clone()));
            }
            let report =
                Report::new(diagnostic).with_source_code(NamedSource::new(self.file.clone(), self.text.clone()));
            handler.render_report(f, report.as_ref())?;
        }
        let count = self.problems.len();
        writeln!(f, "{}: {count} problem{}", self.file, if count == 1 { "" } else { "s" })
    }
}
