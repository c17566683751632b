//! Milliseconds since the epoch as ISO 8601 text, as `Date.prototype.toISOString` writes it.

/// `2026-01-31T12:00:00.000Z`; `None` for what is no date (years 0 to 9999 are).
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // range-checked first, and digits
pub(crate) fn iso(millis: f64) -> Option<String> {
    if !(-62_167_219_200_000.0..253_402_300_800_000.0).contains(&millis) {
        return None;
    }
    let millis = millis.floor() as i64;
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    // Howard Hinnant, "chrono-compatible low-level date algorithms": civil_from_days.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (h, m, s, ms) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60, rest % 1_000);
    // By hand: a chunk has three of these, and `format!` would cost more than reading the chunk.
    let mut out = *b"0000-00-00T00:00:00.000Z";
    for (at, width, number) in [(0, 4, year), (5, 2, month), (8, 2, day), (11, 2, h), (14, 2, m), (17, 2, s), (20, 3, ms)] {
        let mut left = number;
        for place in out[at..at + width].iter_mut().rev() {
            *place = b'0' + (left % 10) as u8;
            left /= 10;
        }
    }
    String::from_utf8(out.to_vec()).ok()
}

/// The same for stored times, which are always dates.
#[allow(clippy::cast_precision_loss)] // far below 2^53
pub(crate) fn iso_millis(millis: i64) -> String {
    iso(millis as f64).unwrap_or_default()
}
