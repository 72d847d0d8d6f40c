//! Times as text.

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, NaiveTime, SecondsFormat};
use std::fmt::Write;

/// How a time is written, by the usual letters: `%d/%b/%Y:%H:%M:%S %z`. Without a zone it is taken as UTC, a date alone
/// as its midnight.
#[derive(Clone, Debug)]
pub struct TimeFormat {
    source: String,
    items: Vec<Item<'static>>,
}

impl TimeFormat {
    /// The format of these letters.
    ///
    /// # Errors
    /// A sentence, where a letter means nothing.
    pub fn new(source: &str) -> Result<TimeFormat, String> {
        let items: Vec<Item<'static>> = StrftimeItems::new(source).map(Item::to_owned).collect();
        if items.contains(&Item::Error) {
            return Err(format!("\"{source}\" is no time format; one is \"%Y-%m-%d %H:%M:%S\""));
        }
        Ok(TimeFormat { source: source.into(), items })
    }

    /// The time, in µs since 1970-01-01 UTC.
    ///
    /// # Errors
    /// A sentence, where the text is not such a time.
    pub fn parse(&self, text: &str) -> Result<i64, String> {
        let no = |error| format!("\"{text}\" is no time of the format \"{}\": {error}", self.source);
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, self.items.iter()).map_err(no)?;
        match parsed.offset() {
            Some(_) => parsed.to_datetime().map(|time| time.timestamp_micros()).map_err(no),
            None => parsed
                .to_naive_datetime_with_offset(0)
                .or_else(|error| match parsed.hour_mod_12() {
                    Some(_) => Err(error),
                    None => Ok(parsed.to_naive_date()?.and_time(NaiveTime::MIN)),
                })
                .map(|time| time.and_utc().timestamp_micros())
                .map_err(no),
        }
    }

    /// The time, in µs since 1970-01-01 UTC, written in this format, in UTC.
    ///
    /// # Errors
    /// A sentence, where the time is outside the years that chrono knows.
    pub fn write(&self, time_us: i64) -> Result<String, String> {
        let no = || format!("{time_us} µs since 1970 cannot be written in the format \"{}\"", self.source);
        let time = DateTime::from_timestamp_micros(time_us).ok_or_else(no)?;
        let mut text = String::new();
        write!(text, "{}", time.format_with_items(self.items.iter())).map_err(|_| no())?;
        Ok(text)
    }
}

/// A time as RFC 3339 has it, with as many decimals as needed: `2026-01-31T12:00:00.5Z` is written
/// `2026-01-31T12:00:00.500Z`. One outside the years that chrono knows is written as its microseconds.
pub fn rfc3339(time_us: i64) -> String {
    match DateTime::from_timestamp_micros(time_us) {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        None => time_us.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_access_logs() {
        let format = TimeFormat::new("%d/%b/%Y:%H:%M:%S %z").unwrap();
        assert_eq!(format.parse("10/Oct/2000:13:55:36 -0700"), Ok(971_211_336_000_000));
        assert!(format.parse("yesterday").unwrap_err().starts_with("\"yesterday\" is no time of the format"));
        assert!(format.parse("31/Feb/2000:13:55:36 -0700").is_err());
    }

    #[test]
    fn without_a_zone_it_is_utc() {
        let format = TimeFormat::new("%Y-%m-%d %H:%M:%S%.f").unwrap();
        assert_eq!(format.parse("1970-01-01 00:00:01.25"), Ok(1_250_000));
        assert_eq!(TimeFormat::new("%d.%m.%Y").unwrap().parse("02.01.1970"), Ok(86_400_000_000));
        assert!(TimeFormat::new("%H:%M").unwrap().parse("12:00").is_err());
        assert!(TimeFormat::new("%Y-%m-%d %H").unwrap().parse("1970-01-01 12").is_err());
        assert_eq!(TimeFormat::new("%s").unwrap().parse("12"), Ok(12_000_000));
    }

    #[test]
    fn times_are_written() {
        let format = TimeFormat::new("%d.%m.%Y %H:%M").unwrap();
        assert_eq!(format.write(971_211_336_000_000).as_deref(), Ok("10.10.2000 20:55"));
        assert!(format.write(i64::MAX).is_err());
    }

    #[test]
    fn odd_formats_are_refused() {
        assert!(TimeFormat::new("%Q!").unwrap_err().contains("%Q!"));
    }

    #[test]
    fn rfc3339_has_the_decimals_it_needs() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(500_000), "1970-01-01T00:00:00.500Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(rfc3339(i64::MAX), i64::MAX.to_string());
    }
}
