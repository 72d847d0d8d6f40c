//! Functions beyond those of the standard.

use cel::common::types::{CelBool, CelDuration, CelString, CelTimestamp};
use cel::{Context, Env, ExecutionError, extensions};
use chrono::DateTime;
use declared::TimeFormat;
use regex::Regex;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The standard library, strings, regular expressions, times.
pub(crate) fn environment() -> Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut env = Env::stdlib();
        let added = (|| {
            extensions::strings(&mut env)?;
            // The crate's own `matches` compiles the pattern anew for each tuple.
            cel::add_member_overload!(env, fn matches: (CelString, CelString) -> Result<CelBool>)?;
            cel::add_overload!(env, fn matches: (CelString, CelString) -> Result<CelBool>, id = "matches_function")?;
            cel::add_overload!(env, fn truncate: (CelTimestamp, CelDuration) -> Result<CelTimestamp>)?;
            cel::add_overload!(env, fn format_time: (CelTimestamp, CelString) -> Result<CelString>)?;
            cel::add_overload!(env, fn parse_time: (CelString, CelString) -> Result<CelTimestamp>)?;
            cel::add_member_overload!(env, fn truncate: (CelTimestamp, CelDuration) -> Result<CelTimestamp>,
                id = "truncate_method")?;
            cel::add_member_overload!(env, fn format_time: (CelTimestamp, CelString) -> Result<CelString>,
                id = "format_time_method")?;
            cel::add_member_overload!(env, fn parse_time: (CelString, CelString) -> Result<CelTimestamp>,
                id = "parse_time_method")
        })();
        added.expect("no function is declared twice");
        Arc::new(env)
    });
    Arc::clone(&ENVIRONMENT)
}

/// How many compiled patterns and formats are kept: those of an expression are few, those made of fields are not.
const KEPT_MAX: usize = 64;

thread_local! {
    static PATTERNS: RefCell<BTreeMap<String, Regex>> = const { RefCell::new(BTreeMap::new()) };
    static FORMATS: RefCell<BTreeMap<String, TimeFormat>> = const { RefCell::new(BTreeMap::new()) };
}

fn kept<T: Clone>(
    cache: &RefCell<BTreeMap<String, T>>,
    source: &str,
    make: impl FnOnce() -> Result<T, String>,
) -> Result<T, String> {
    let mut cache = cache.borrow_mut();
    if let Some(made) = cache.get(source) {
        return Ok(made.clone());
    }
    let made = make()?;
    if cache.len() == KEPT_MAX {
        cache.clear();
    }
    cache.insert(source.into(), made.clone());
    Ok(made)
}

/// A regular expression, compiled once.
pub(crate) fn pattern(source: &str) -> Result<Regex, String> {
    // The crate draws the pattern over several lines; the last one says what is wrong.
    let why = |error: regex::Error| error.to_string().lines().last().unwrap_or_default().replace("error: ", "");
    let compile =
        || Regex::new(source).map_err(|error| format!("\"{source}\" is no regular expression: {}", why(error)));
    PATTERNS.with(|cache| kept(cache, source, compile))
}

/// A time format, read once.
pub(crate) fn time_format(source: &str) -> Result<TimeFormat, String> {
    FORMATS.with(|cache| kept(cache, source, || TimeFormat::new(source)))
}

/// Whether `duration("…")` or `timestamp("…")` can be made at all.
pub(crate) fn constant(function: &str, text: &str) -> Result<(), String> {
    let context = Context::with_env(environment());
    let call = format!("{function}({})", quoted(text));
    let tree = cel::parser::PrattParser::new().parse(&call).map_err(|error| error.to_string())?;
    match cel::Value::resolve(&tree, &context) {
        Ok(_) => Ok(()),
        Err(_) if function == "duration" => Err(format!("\"{text}\" is no duration; one is \"90s\" or \"1h30m\"")),
        Err(_) => Err(format!("\"{text}\" is no time; one is \"2026-01-31T12:00:00Z\"")),
    }
}

/// Text as a literal.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn matches(text: &CelString<'_>, source: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    let pattern = pattern(source.inner()).map_err(|message| ExecutionError::function_error("matches", message))?;
    Ok(pattern.is_match(text.inner()).into())
}

fn truncate(time: &CelTimestamp, window: &CelDuration) -> Result<CelTimestamp, ExecutionError> {
    let fail = |message: &str| ExecutionError::function_error("truncate", message);
    let window: chrono::Duration = (*window).into();
    let window_us =
        window.num_microseconds().filter(|us| *us > 0).ok_or_else(|| fail("the duration must be positive"))?;
    let time_us = time.inner().timestamp_micros();
    let start = time_us.checked_sub(time_us.rem_euclid(window_us)).and_then(DateTime::from_timestamp_micros);
    Ok(CelTimestamp::from(start.ok_or_else(|| fail("out of range"))?.fixed_offset()))
}

fn format_time(time: &CelTimestamp, source: &CelString<'_>) -> Result<CelString<'static>, ExecutionError> {
    let text = time_format(source.inner()).and_then(|format| format.write(time.inner().timestamp_micros()));
    text.map(CelString::from).map_err(|message| ExecutionError::function_error("formatTime", message))
}

fn parse_time(text: &CelString<'_>, source: &CelString<'_>) -> Result<CelTimestamp, ExecutionError> {
    let fail = |message: String| ExecutionError::function_error("parseTime", message);
    let time_us = time_format(source.inner()).and_then(|format| format.parse(text.inner())).map_err(fail)?;
    let time = DateTime::from_timestamp_micros(time_us).ok_or_else(|| fail("out of range".into()))?;
    Ok(CelTimestamp::from(time.fixed_offset()))
}
