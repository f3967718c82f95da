//! The text format of Prometheus (version 0.0.4).
//!
//! ```text
//! # HELP twinpath_edge_sessions Sessions by state.
//! # TYPE twinpath_edge_sessions gauge
//! twinpath_edge_sessions{state="Established"} 3
//! ```

use std::fmt::Display;
use std::io::{self, Write};

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only goes up, until the process starts anew.
    Counter,
    /// How many of each size there were.
    Histogram,
}

/// Begins a family: its name without the prefix of the program, and what it means.
pub(super) fn family(out: &mut impl Write, name: &str, kind: Kind, help: &str) -> io::Result<()> {
    let kind = match kind {
        Kind::Gauge => "gauge",
        Kind::Counter => "counter",
        Kind::Histogram => "histogram",
    };
    write!(out, "# HELP twinpath_edge_{name} {help}\n# TYPE twinpath_edge_{name} {kind}\n")
}

/// One number of a family.
pub(super) fn sample(
    out: &mut impl Write,
    name: &str,
    labels: &[(&str, &dyn Display)],
    value: impl Display,
) -> io::Result<()> {
    write!(out, "twinpath_edge_{name}")?;
    for (index, (label, value)) in labels.iter().enumerate() {
        let before = if index == 0 { '{' } else { ',' };
        write!(out, "{before}{label}=\"{}\"", escaped(&value.to_string()))?;
    }
    if !labels.is_empty() {
        out.write_all(b"}")?;
    }
    writeln!(out, " {value}")
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_and_its_samples() {
        let mut out = Vec::new();
        family(&mut out, "sessions", Kind::Gauge, "Sessions by state.").unwrap();
        sample(&mut out, "sessions", &[("state", &"a\"b\\c\nd"), ("n", &1)], 3).unwrap();
        sample(&mut out, "sessions", &[], 0.5).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "# HELP twinpath_edge_sessions Sessions by state.\n# TYPE twinpath_edge_sessions gauge\n\
             twinpath_edge_sessions{state=\"a\\\"b\\\\c\\nd\",n=\"1\"} 3\ntwinpath_edge_sessions 0.5\n"
        );
    }
}
