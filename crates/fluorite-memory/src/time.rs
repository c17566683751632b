//! ISO 8601 moments and milliseconds since the epoch, both ways, in the proleptic Gregorian calendar.
//!
//! Years 0000 to 9999. Exact: nothing is guessed, and a date-time says its offset.

/// 0000-01-01T00:00:00.000Z.
const FIRST: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59.999Z.
const LAST: i64 = 253_402_300_799_999;
const DAY: i64 = 86_400_000;

/// Milliseconds since the epoch of `2026-01-31`, `2026-01-31T12:00Z`, `2026-01-31T12:00:00.5+09:00`.
///
/// A date alone is its midnight in UTC. Seconds and their fraction may be absent; digits behind the millisecond are
/// cut. `None` for anything else: other separators, a date-time without `Z` or offset, days and hours that do not exist,
/// leap seconds, moments before year 0000 or after 9999.
#[must_use]
pub fn parse_iso(text: &str) -> Option<i64> {
    let mut rest = Reader(text.as_bytes());
    let year = rest.digits(4)?;
    rest.take(b'-')?;
    let month = rest.digits(2)?;
    rest.take(b'-')?;
    let day = rest.digits(2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let midnight = days_from_civil(year, month, day) * DAY;
    let moment = if rest.0.is_empty() { midnight } else { midnight + rest.time_of_day()? };
    (rest.0.is_empty() && (FIRST..=LAST).contains(&moment)).then_some(moment)
}

/// `2026-01-31T12:00:00.000Z`, as JavaScript's `toISOString` writes it.
///
/// Moments outside years 0000 to 9999 are written as the nearest moment inside. `parse_iso` reads it back exactly.
#[must_use]
pub fn format_iso(millis: i64) -> String {
    let millis = millis.clamp(FIRST, LAST);
    let (year, month, day) = civil_from_days(millis.div_euclid(DAY));
    let t = millis.rem_euclid(DAY);
    let (h, m, s, ms) = (t / 3_600_000, t / 60_000 % 60, t / 1_000 % 60, t % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, wanted: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[wanted])?;
        Some(())
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (head, tail) = self.0.split_at_checked(count)?;
        let value = head.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))?;
        self.0 = tail;
        Some(value)
    }

    /// `THH:MM[:SS[.f…]]` and the offset, in milliseconds behind midnight UTC.
    fn time_of_day(&mut self) -> Option<i64> {
        self.take(b'T')?;
        let hour = self.digits(2)?;
        self.take(b':')?;
        let minute = self.digits(2)?;
        let (mut second, mut millis) = (0, 0);
        if self.take(b':').is_some() {
            second = self.digits(2)?;
            if self.take(b'.').is_some() {
                millis = self.fraction()?;
            }
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(((hour * 60 + minute) * 60 + second) * 1_000 + millis - self.offset()?)
    }

    fn fraction(&mut self) -> Option<i64> {
        let first = self.digits(1)?;
        let (mut millis, mut unit) = (first * 100, 10);
        while let Some(digit) = self.digits(1) {
            millis += digit * unit;
            unit /= 10;
        }
        Some(millis)
    }

    /// `Z`, `+09:00` or `+0900`, in milliseconds.
    fn offset(&mut self) -> Option<i64> {
        if self.take(b'Z').is_some() {
            return Some(0);
        }
        let sign = if self.take(b'+').is_some() { 1 } else { self.take(b'-').map(|()| -1)? };
        let hours = self.digits(2)?;
        let _ = self.take(b':');
        let minutes = self.digits(2)?;
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60_000)
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 (Howard Hinnant's `days_from_civil`): the year is counted from March, in eras of 400 years.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of `days_from_civil`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_dates_and_date_times() {
        assert_eq!(parse_iso("1970-01-01"), Some(0));
        assert_eq!(parse_iso("2026-01-31"), Some(1_769_817_600_000));
        assert_eq!(parse_iso("2026-01-31T12:00Z"), Some(1_769_860_800_000));
        assert_eq!(parse_iso("2026-01-31T12:00:00.5+09:00"), Some(1_769_828_400_500));
        assert_eq!(parse_iso("2026-01-31T12:00:00.123999-0330"), Some(1_769_873_400_123));
        assert_eq!(parse_iso("2000-02-29"), Some(951_782_400_000));
        assert_eq!(parse_iso("0000-01-01"), Some(FIRST));
        assert_eq!(parse_iso("9999-12-31T23:59:59.999Z"), Some(LAST));
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "2026",
            "2026-1-31",
            "2026-01-31 12:00Z",
            "2026-01-31T12:00:00",
            "2026-01-31T",
            "2026-02-30",
            "1900-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-01-31T24:00Z",
            "2026-01-31T12:00:60Z",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00Zx",
            "2026-01-31x",
            "+2026-01-31",
            "２026-01-31",
            "0000-01-01T00:00+00:01",
            "9999-12-31T23:59-00:01",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }

    #[test]
    fn writes_as_javascript_does() {
        assert_eq!(format_iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(format_iso(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(format_iso(i64::MIN), "0000-01-01T00:00:00.000Z");
        assert_eq!(format_iso(i64::MAX), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = (0, 1, 1);
        for days in FIRST / DAY..=LAST.div_euclid(DAY) {
            assert_eq!(civil_from_days(days), expected);
            let (y, m, d) = expected;
            assert_eq!(days_from_civil(y, m, d), days);
            expected = match (m, d) {
                (12, 31) => (y + 1, 1, 1),
                _ if d == days_in(y, m) => (y, m + 1, 1),
                _ => (y, m, d + 1),
            };
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(millis in FIRST..=LAST) {
            prop_assert_eq!(parse_iso(&format_iso(millis)), Some(millis));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ:.+-]{0,30}|\\PC{0,20}") {
            let _ = parse_iso(&text);
        }
    }
}
