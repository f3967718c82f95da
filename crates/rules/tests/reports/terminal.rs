//! The report at a terminal.

use crate::sample::{Sample, clean, empty, sample};
use rules::report::terminal::{Style, write};

fn text(sample: &Sample, style: Style) -> String {
    let mut text = String::new();
    write(&sample.report(), style, &mut text).unwrap();
    text
}

#[test]
fn faults_come_first_sorted_by_who_must_act() {
    insta::assert_snapshot!(text(&sample(), Style::default()));
}

#[test]
fn verbose_shows_what_holds_too() {
    insta::assert_snapshot!(text(&sample(), Style { verbose: true, ..Style::default() }));
}

#[test]
fn a_ready_design_is_a_line_not_a_wall() {
    insta::assert_snapshot!(text(&clean(), Style::default()));
    insta::assert_snapshot!(text(&empty(), Style::default()));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plain = text(&sample(), Style::default());
    let coloured = text(&sample(), Style { color: true, ..Style::default() });
    assert!(coloured.contains("\u{1b}[1m"));
    let mut stripped = String::new();
    for part in coloured.split('\u{1b}') {
        let rest = part.strip_prefix('[').map_or(part, |rest| rest.split_once('m').unwrap().1);
        stripped.push_str(rest);
    }
    assert_eq!(stripped, plain);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [60, 80, 100, 140] {
        let text = text(&sample(), Style { width, verbose: true, ..Style::default() });
        for line in text.lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}
