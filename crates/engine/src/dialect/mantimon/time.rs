//! Times as the dialect writes them, and as the native protocol wrote them.

use crate::dialect::native_out;

/// UTC with six digits of a second, or none where they are all 0.
pub(super) fn timestamp(ms: u64) -> String {
    let mut text = Vec::with_capacity(27);
    native_out::timestamp(&mut text, ms);
    let text = String::from_utf8_lossy(&text);
    match text.strip_suffix(".000Z") {
        Some(whole) => format!("{whole}Z"),
        None => format!("{}000Z", text.trim_end_matches('Z')),
    }
}

/// Milliseconds since 1970 of a `ts`: `2026-11-21T10:00:00.123Z`. The calendar is Howard Hinnant's `days_from_civil`.
pub(super) fn read(ts: &str) -> Option<u64> {
    let number = |from: usize, to: usize| -> Option<u64> {
        let digits = ts.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse().ok()
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, ms) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_has_six_digits_of_a_second_or_none() {
        assert_eq!(timestamp(1_795_255_200_000), "2026-11-21T10:00:00Z");
        assert_eq!(timestamp(1_795_255_200_123), "2026-11-21T10:00:00.123000Z");
        assert_eq!(timestamp(1_795_255_200_100), "2026-11-21T10:00:00.100000Z");
    }

    #[test]
    fn a_native_time_is_read_back_as_what_it_was() {
        for ms in [0, 951_782_400_123, 951_868_800_000, 1_795_255_200_001, 4_102_444_799_999] {
            let mut text = Vec::new();
            native_out::timestamp(&mut text, ms);
            assert_eq!(read(std::str::from_utf8(&text).unwrap()), Some(ms));
        }
        for bad in ["", "2026-11-21", "2026-11-21T10:00:00Z", "2026-13-21T10:00:00.000Z", "äöü6-11-21T10:00:00.000Z"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
