//! Text on its way to a page: made harmless, measured, wrapped.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text without control characters and without those that change the direction of writing: a design
/// comes from anybody, and must not steer the terminal or show another text than it holds.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    match text.contains(is_steering) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(text.chars().map(harmless).collect()),
    }
}

/// The character, or a sign in its place when it would steer the reader's screen.
pub(super) fn harmless(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        c if is_steering(c) => '\u{fffd}',
        c => c,
    }
}

fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The first sentence of a doc comment as a phrase: `the bandwidth of each link`.
pub(super) fn phrase(doc: &str) -> String {
    let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence =
        doc.split(". ").next().and_then(|first| first.split("; ").next()).unwrap_or("").trim_end_matches('.');
    let first = sentence.split(' ').next().unwrap_or_default();
    let is_name = NAMES.iter().any(|name| first.starts_with(name)) || first.chars().skip(1).any(char::is_uppercase);
    match sentence.chars().next() {
        Some(capital) if !is_name => capital.to_lowercase().chain(sentence.chars().skip(1)).collect(),
        _ => sentence.to_owned(),
    }
}

/// Names with which a doc comment may begin, and which keep their capital.
const NAMES: [&str; 4] = ["Azure", "Dynamics", "Microsoft", "Teams"];

/// A phrase as a sentence begins: with a capital.
pub(super) fn sentence(phrase: &str) -> String {
    let phrase = clean(phrase);
    let mut chars = phrase.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// How many columns a text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// How many columns a character takes.
pub(super) fn char_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The lines of a text broken at blanks so that none is wider than `room`; a longer word stands alone.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    wrap_after(text, room, room)
}

/// The same with another room for the first line.
pub(super) fn wrap_after(text: &str, first: usize, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let room = if lines.len() == 1 { first } else { room };
        let line = lines.last_mut().filter(|line| line.is_empty() || width(line) + 1 + width(word) <= room);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(clean("plain ü 漢"), "plain ü 漢");
    }

    #[test]
    fn docs_become_phrases() {
        assert_eq!(phrase(" The IPv4 session.\n"), "the IPv4 session");
        assert_eq!(phrase(" IP MTU of the interfaces, in bytes.\n"), "IP MTU of the interfaces, in bytes");
        assert_eq!(phrase(" A tag. More."), "a tag");
        assert_eq!(phrase(" Microsoft's side."), "Microsoft's side");
        assert_eq!(phrase(" A tag; `none` when bare."), "a tag");
    }

    #[test]
    fn lines_fit_their_room_in_columns() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("漢字 漢字", 6), ["漢字", "漢字"]);
        assert_eq!(wrap("", 6), [""]);
    }
}
