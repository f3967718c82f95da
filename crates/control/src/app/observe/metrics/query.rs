//! What a request for metrics asks: which, of when, how fine, put together how, split by what.

use super::definition::{Aggregation, Metric};
use crate::Call;
use arm_api::ArmError;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What is asked.
#[derive(Debug)]
pub(super) struct Asked {
    /// Which metrics.
    pub(super) metrics: Vec<&'static Metric>,
    /// From when.
    pub(super) from: Timestamp,
    /// Until when, which is not among it.
    pub(super) to: Timestamp,
    /// How long a point is, as said.
    pub(super) interval: &'static str,
    /// How long a point is.
    pub(super) grain: SignedDuration,
    /// How values are put together.
    pub(super) aggregations: Vec<Aggregation>,
    /// Dimensions by which it is split, and the values that are wanted of each; none for all.
    pub(super) filter: BTreeMap<&'static str, Vec<String>>,
    /// At most so many series of a metric.
    pub(super) top: usize,
    /// Without points.
    pub(super) bare: bool,
}

/// How long a point may be, in seconds.
pub(super) const INTERVALS: &[(&str, i64)] = &[
    ("PT1M", 60),
    ("PT5M", 300),
    ("PT15M", 900),
    ("PT30M", 1800),
    ("PT1H", 3600),
    ("PT6H", 21_600),
    ("PT12H", 43_200),
    ("P1D", 86_400),
];

/// How many points a series may have: as many as minutes are remembered.
const POINTS: i64 = 31 * 24 * 60;

/// How many series of a metric are given where the request does not say.
const TOP: usize = 10;

/// What a call asks of the metrics of a resource.
///
/// # Errors
///
/// 400 `BadRequest` that says what is wrong with which parameter.
pub(super) fn asked(call: &Call, all: &'static [Metric], now: Timestamp) -> Result<Asked, ArmError> {
    let said = |name: &str| call.query.get(name).map(String::as_str).filter(|text| !text.trim().is_empty());
    let metrics = match said("metricnames") {
        None => all.iter().take(1).collect(),
        Some(names) => names.split(',').map(|name| metric(name.trim(), all)).collect::<Result<Vec<_>, _>>()?,
    };
    let (from, to) = match said("timespan") {
        None => (now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(now), now),
        Some(text) => span(text)?,
    };
    let interval = said("interval").unwrap_or("PT1M");
    let known = INTERVALS.iter().find(|(name, _)| name.eq_ignore_ascii_case(interval));
    let &(interval, seconds) = known.ok_or_else(|| {
        let names: Vec<&str> = INTERVALS.iter().map(|(name, _)| *name).collect();
        refuse("interval", interval, &format!("one of {}", names.join(", ")))
    })?;
    if (to.as_second() - from.as_second()) / seconds > POINTS {
        return Err(refuse(
            "timespan",
            said("timespan").unwrap_or_default(),
            &format!("at most {POINTS} points of {interval}"),
        ));
    }
    let aggregations = match said("aggregation") {
        None => metrics.first().map(|metric| metric.primary).into_iter().collect(),
        Some(names) => names.split(',').map(|name| aggregation(name.trim())).collect::<Result<Vec<_>, _>>()?,
    };
    let filter = said("$filter").map(|text| filter(text, &metrics)).transpose()?.unwrap_or_default();
    let top = match said("top") {
        None => TOP,
        Some(text) => {
            text.parse().ok().filter(|top| *top > 0).ok_or_else(|| refuse("top", text, "a number from 1 on"))?
        }
    };
    let bare = said("resulttype").is_some_and(|kind| kind.eq_ignore_ascii_case("Metadata"));
    Ok(Asked {
        metrics,
        from,
        to,
        interval,
        grain: SignedDuration::from_secs(seconds),
        aggregations,
        filter,
        top,
        bare,
    })
}

fn refuse(what: &str, seen: &str, wanted: &str) -> ArmError {
    let seen: String = seen.chars().take(100).collect();
    ArmError::bad_request("BadRequest", format!("{what} is `{seen}`, wanted {wanted}")).at(what)
}

fn metric(name: &str, all: &'static [Metric]) -> Result<&'static Metric, ArmError> {
    all.iter().find(|metric| metric.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|metric| metric.name).collect();
        refuse("metricnames", name, &format!("any of {}", names.join(", ")))
    })
}

fn aggregation(name: &str) -> Result<Aggregation, ArmError> {
    let found = Aggregation::ALL.into_iter().find(|known| known.field().eq_ignore_ascii_case(name));
    found.ok_or_else(|| refuse("aggregation", name, "any of Average, Minimum, Maximum, Total, Count"))
}

/// `2026-11-21T10:00:00Z/2026-11-21T11:00:00Z`; a time without a zone is one of UTC.
fn span(text: &str) -> Result<(Timestamp, Timestamp), ArmError> {
    let wrong =
        || refuse("timespan", text, "two times like 2026-11-21T10:00:00Z/2026-11-21T11:00:00Z, the earlier first");
    let time = |text: &str| {
        let text = text.trim();
        let time = text.parse::<Timestamp>().ok();
        time.or_else(|| {
            text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp())
        })
    };
    let (from, to) = text.split_once('/').ok_or_else(wrong)?;
    match (time(from), time(to)) {
        (Some(from), Some(to)) if from < to => Ok((from, to)),
        _ => Err(wrong()),
    }
}

/// `PeeringType eq 'Private' and Peer eq '*'`; values of one dimension are joined by `or`.
fn filter(text: &str, metrics: &[&Metric]) -> Result<BTreeMap<&'static str, Vec<String>>, ArmError> {
    let wrong = |why: &str| refuse("$filter", text, why);
    let mut filter: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for part in split(text, " and ") {
        let mut of = None;
        for one in split(part, " or ") {
            let (name, value) = one.split_once(" eq ").ok_or_else(|| wrong("terms like PeeringType eq 'Private'"))?;
            let value = value.trim().strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            let value = value.ok_or_else(|| wrong("values between single quotes"))?;
            let known = |metric: &&Metric| {
                metric.dimensions.iter().find(|known| known.eq_ignore_ascii_case(name.trim())).copied()
            };
            let found: Vec<&'static str> = metrics.iter().filter_map(known).collect();
            let name = match found.first() {
                Some(name) if found.len() == metrics.len() => *name,
                _ => {
                    return Err(wrong(&format!(
                        "dimensions of every metric that is asked for; {} is none",
                        name.trim()
                    )));
                }
            };
            if *of.get_or_insert(name) != name {
                return Err(wrong("`or` between values of one dimension only"));
            }
            filter.entry(name).or_default().extend((value != "*").then(|| value.to_owned()));
        }
    }
    Ok(filter)
}

/// Cuts at a word of any case that stands between values.
fn split<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    let (lower, mut parts, mut from) = (text.to_ascii_lowercase(), Vec::new(), 0);
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        quoted ^= c == '\'';
        if !quoted && at >= from && lower.get(at..).is_some_and(|rest| rest.starts_with(word)) {
            parts.extend(text.get(from..at));
            from = at + word.len();
        }
    }
    parts.extend(text.get(from..));
    parts
}

#[cfg(test)]
mod tests {
    use super::super::definition::CIRCUIT;
    use super::*;

    fn of(text: &str) -> Result<BTreeMap<&'static str, Vec<String>>, ArmError> {
        let bgp: Vec<&Metric> = CIRCUIT.iter().filter(|metric| metric.name == "BgpAvailability").collect();
        filter(text, &bgp)
    }

    #[test]
    fn a_filter_splits_and_chooses() {
        let both = of("PeeringType eq 'Private' or peeringtype eq 'Microsoft' AND Peer eq '*'").unwrap();
        assert_eq!(both["PeeringType"], ["Private", "Microsoft"]);
        assert_eq!(both["Peer"], Vec::<String>::new());
        assert_eq!(of("Peer eq 'a and b'").unwrap()["Peer"], ["a and b"]);
        for wrong in
            ["Peer", "Peer eq Primary", "Link eq '*'", "Peer eq '*' or PeeringType eq '*'", "and", "'", "Peer eq 'ü"]
        {
            assert_eq!(of(wrong).unwrap_err().code, "BadRequest", "{wrong}");
        }
    }

    #[test]
    fn times_are_read_with_a_zone_and_without() {
        let (from, to) = span("2026-11-21T10:00:00Z/2026-11-21T11:00:00").unwrap();
        assert_eq!(to.duration_since(from), SignedDuration::from_hours(1));
        for wrong in ["", "/", "PT1H", "2026-11-21T11:00:00Z/2026-11-21T10:00:00Z", "x/y"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
