//! Times as people read them.

const DAY_S: i64 = 86_400;

/// A time in µs since 1970 in RFC 3339, UTC, to the millisecond.
pub(crate) fn rfc3339(time_us: i64) -> String {
    let seconds = time_us.div_euclid(1_000_000);
    let (year, month, day) = date(seconds.div_euclid(DAY_S));
    let second = seconds.rem_euclid(DAY_S);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60,
        time_us.rem_euclid(1_000_000) / 1_000
    )
}

/// Year, month and day of a day since 1970-01-01. Years begin in March here, so that the odd day is the last of one.
fn date(day: i64) -> (i64, i64, i64) {
    const ERA_DAYS: i64 = 146_097;
    let day = day + 719_468;
    let era = day.div_euclid(ERA_DAYS);
    let day = day.rem_euclid(ERA_DAYS);
    let year = (day - day / 1_460 + day / 36_524 - day / (ERA_DAYS - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (time_us, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999_999, "2024-02-29T23:59:59.999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"),
            (1_764_075_571_250_000, "2025-11-25T12:59:31.250Z"),
        ] {
            assert_eq!(rfc3339(time_us), expected);
        }
    }
}
