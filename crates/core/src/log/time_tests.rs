use super::*;

#[track_caller]
fn check(stamp: &str, expected: &str) {
    let context = TimeContext { year: Some(2013), ..TimeContext::default() };
    assert_eq!(parse_stamp(stamp, &context).map(rfc3339).as_deref(), Some(expected));
}

#[test]
fn every_shape_is_read() {
    check("2022-02-28 09:44:58.839036", "2022-02-28T09:44:58.839Z");
    check("2022-02-28 09:44:58", "2022-02-28T09:44:58.000Z");
    check("2022-02-28 09:44:58,839", "2022-02-28T09:44:58.839Z");
    check("2024-01-01T00:00:00.0000000Z", "2024-01-01T00:00:00.000Z");
    check("2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00.000Z");
    check("2024-01-01T00:30:00-0130", "2024-01-01T02:00:00.000Z");
    check("Oct 18 17:39:43", "2013-10-18T17:39:43.000Z");
    check("Oct  8 17:39:43.5", "2013-10-08T17:39:43.500Z");
    check("0102 15:04:05.000001", "2013-01-02T15:04:05.000Z");
    check("Sun Oct 20 10:00:00.123456 2013", "2013-10-20T10:00:00.123Z");
    check("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36.000Z");
    check("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z");
}

#[test]
fn what_is_no_instant_is_none() {
    let context = TimeContext { year: Some(2013), ..TimeContext::default() };
    for stamp in ["", "00:00:01", "2022-13-01 00:00:00", "Foo 18 17:39:43", "2022-02-28", "äöü"]
    {
        assert_eq!(parse_stamp(stamp, &context), None, "{stamp}");
    }
    assert_eq!(parse_stamp("Oct 18 17:39:43", &TimeContext::default()), None, "no year");
}

#[test]
fn the_zone_holds_where_none_is_written() {
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let context = TimeContext { zone, year: None };
    let read = |stamp| parse_stamp(stamp, &context).map(rfc3339);
    assert_eq!(read("2022-02-28 09:00:00").as_deref(), Some("2022-02-28T07:00:00.000Z"));
    assert_eq!(read("2022-02-28T09:00:00Z").as_deref(), Some("2022-02-28T09:00:00.000Z"));
}
