//! Times as logs write them. No clock is read: what a log leaves out comes from the run.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

pub use jiff::Timestamp;

/// What a log's times leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeContext {
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// The year of times that name none, as syslog's; without it they are no instants.
    pub year: Option<i16>,
}

impl Default for TimeContext {
    /// UTC, and no year.
    fn default() -> TimeContext {
        TimeContext { zone: TimeZone::UTC, year: None }
    }
}

impl TimeContext {
    /// The same, with the year of times that name none where it has none itself.
    pub(crate) fn in_year(&self, year: Option<i16>) -> TimeContext {
        TimeContext { year: self.year.or(year), zone: self.zone.clone() }
    }
}

/// An instant as the field `@timestamp` holds it: RFC 3339 in UTC, with milliseconds.
///
/// # Example
///
/// ```
/// use recheck_core::log::{TimeContext, parse_stamp, rfc3339};
/// let instant = parse_stamp("2013-10-18 17:39:43.967", &TimeContext::default()).unwrap();
/// assert_eq!(rfc3339(instant), "2013-10-18T17:39:43.967Z");
/// ```
pub fn rfc3339(instant: Timestamp) -> String {
    // Cut, not rounded: a time in the future of the event would be wrong.
    let time = Offset::UTC.to_datetime(instant);
    let (date, clock) = (time.date(), time.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        date.month(),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.millisecond()
    )
}

/// Reads a time in any of the shapes that the known log formats use. A time of day without a date
/// is no instant.
pub fn parse_stamp(stamp: &str, context: &TimeContext) -> Option<Timestamp> {
    let mut scanner = Scanner(stamp.as_bytes());
    let (time, offset) = match scanner.0 {
        [b'0'..=b'9', _, _, _, b'-', ..] => scanner.iso()?,
        [b'0'..=b'9', _, b'/', ..] => scanner.access()?,
        [b'0'..=b'9', _, _, _, b' ', ..] => (scanner.klog(context.year?)?, None),
        [_, _, _, b' ', b'A'..=b'Z', ..] => (scanner.apache()?, None),
        _ => (scanner.bsd(context.year?)?, None),
    };
    let zone = offset.map_or_else(|| context.zone.clone(), TimeZone::fixed);
    zone.to_timestamp(time).ok()
}

/// Reads a time from left to right.
struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    /// `2024-01-01T00:00:00.000Z`, with a blank for the `T`, a comma for the point, any zone.
    fn iso(&mut self) -> Option<(DateTime, Option<Offset>)> {
        let year = self.number(4)?;
        self.skip(1)?;
        let month = self.number(2)?;
        self.skip(1)?;
        let day = self.number(2)?;
        self.skip(1)?;
        let time = self.date(year, month, day)?.to_datetime(self.clock()?);
        Some((time, self.zone()))
    }

    /// `10/Oct/2000:13:55:36 -0700`.
    fn access(&mut self) -> Option<(DateTime, Option<Offset>)> {
        let day = self.number(2)?;
        self.skip(1)?;
        let month = self.month()?;
        self.skip(1)?;
        let year = self.number(4)?;
        self.skip(1)?;
        let time = self.date(year, month, day)?.to_datetime(self.clock()?);
        self.skip(1)?;
        Some((time, self.zone()))
    }

    /// `0102 15:04:05.000000`.
    fn klog(&mut self, year: i16) -> Option<DateTime> {
        let (month, day) = (self.number(2)?, self.number(2)?);
        self.skip(1)?;
        Some(self.date(year.into(), month, day)?.to_datetime(self.clock()?))
    }

    /// `Sun Oct 20 10:00:00.123456 2013`.
    fn apache(&mut self) -> Option<DateTime> {
        self.skip(4)?;
        let (month, day) = self.month_and_day()?;
        let clock = self.clock()?;
        self.skip(1)?;
        let year = self.number(4)?;
        Some(self.date(year, month, day)?.to_datetime(clock))
    }

    /// `Oct  8 17:39:43`.
    fn bsd(&mut self, year: i16) -> Option<DateTime> {
        let (month, day) = self.month_and_day()?;
        Some(self.date(year.into(), month, day)?.to_datetime(self.clock()?))
    }

    fn month_and_day(&mut self) -> Option<(i32, i32)> {
        let month = self.month()?;
        self.skip(1)?;
        let day = match self.0.first()? {
            b' ' => {
                self.skip(1)?;
                self.number(1)?
            }
            _ => self.number(2)?,
        };
        self.skip(1)?;
        Some((month, day))
    }

    /// `17:39:43.967`, the fraction of any length; a leap second is the one before.
    fn clock(&mut self) -> Option<Time> {
        let hour = self.number(2)?;
        self.skip(1)?;
        let minute = self.number(2)?;
        self.skip(1)?;
        let second = self.number(2)?.min(59);
        let nanosecond = match self.0.first() {
            Some(b'.' | b',') => {
                self.skip(1)?;
                self.fraction()
            }
            _ => 0,
        };
        let narrow = |number: i32| i8::try_from(number).ok();
        Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, nanosecond).ok()
    }

    /// Digits of a fraction, as nanoseconds.
    fn fraction(&mut self) -> i32 {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (fraction, rest) = self.0.split_at(digits);
        self.0 = rest;
        let padded = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(9);
        padded.fold(0, |number, digit| number * 10 + i32::from(digit - b'0'))
    }

    /// `Z`, `+01:00`, `+0100`.
    fn zone(&mut self) -> Option<Offset> {
        let sign = match self.0.first()? {
            b'Z' => return Some(Offset::UTC),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.skip(1)?;
        let hours = self.number(2)?;
        if self.0.first() == Some(&b':') {
            self.skip(1)?;
        }
        let minutes = self.number(2)?;
        Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok()
    }

    fn date(&self, year: i32, month: i32, day: i32) -> Option<Date> {
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
            .ok()
    }

    fn month(&mut self) -> Option<i32> {
        const MONTHS: [&[u8]; 12] = [
            b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
            b"Dec",
        ];
        let name = self.0.get(..3)?;
        let index = MONTHS.iter().position(|month| *month == name)?;
        self.skip(3)?;
        i32::try_from(index + 1).ok()
    }

    fn number(&mut self, digits: usize) -> Option<i32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + i32::from(byte - b'0'))
        })
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.get(bytes..)?;
        Some(())
    }
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
