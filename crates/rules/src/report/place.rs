//! Places as people find them: a file, a line, and what to mark in it.

use model::{Place, Rank, Source, Sources};
use std::cell::OnceCell;
use std::ops::Range;

/// A place with its file and, where the source has text, its line.
#[derive(Debug, Clone, Copy)]
pub struct Location<'a> {
    /// The name of the source.
    pub file: &'a str,
    /// How strong its statements are.
    pub rank: Rank,
    /// The line, when the source has text.
    pub span: Option<Span<'a>>,
}

/// A part of a line.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// The line, from 1.
    pub line: usize,
    /// Its text, without the line's end.
    pub text: &'a str,
    start: usize,
    end: usize,
}

impl Span<'_> {
    /// The bytes of the line that are meant; not empty unless the line is.
    pub fn mark(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The first column that is meant and the one past the last, in characters from 1.
    pub fn columns(&self) -> (usize, usize) {
        self.count(|text| text.chars().count())
    }

    /// The same in UTF-16 code units.
    pub fn utf16_columns(&self) -> (usize, usize) {
        self.count(|text| text.encode_utf16().count())
    }

    fn count(&self, units: impl Fn(&str) -> usize) -> (usize, usize) {
        let start = units(&self.text[..self.start]) + 1;
        (start, start + units(&self.text[self.start..self.end]))
    }
}

impl Location<'_> {
    /// File and line in the form that editors and terminals make a link of.
    pub fn link(&self) -> String {
        match self.span {
            Some(span) => format!("{}:{}", self.file, span.line),
            None => self.file.to_owned(),
        }
    }
}

/// The sources, with the starts of their lines found once.
pub(super) struct Atlas<'a> {
    sources: &'a Sources,
    lines: Vec<OnceCell<Vec<usize>>>,
}

impl<'a> Atlas<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self { sources, lines: sources.iter().map(|_| OnceCell::new()).collect() }
    }

    pub(super) fn sources(&self) -> &'a Sources {
        self.sources
    }

    pub(super) fn locate(&self, place: Option<Place>) -> Option<Location<'a>> {
        let place = place?;
        let source = self.sources.get(place.source)?;
        Some(Location { file: &source.name, rank: source.rank, span: self.span(source, place) })
    }

    fn span(&self, source: &'a Source, place: Place) -> Option<Span<'a>> {
        let text = source.text.as_deref()?;
        let starts = self.lines.get(place.source.0 as usize)?.get_or_init(|| {
            std::iter::once(0).chain(text.match_indices('\n').map(|(newline, _)| newline + 1)).collect()
        });
        let (start, end) = (place.start as usize, place.end as usize);
        let line = starts.partition_point(|first| *first <= start);
        let first = *starts.get(line.checked_sub(1)?)?;
        let last = starts.get(line).copied().unwrap_or(text.len());
        let whole = text.get(first..last)?.trim_end_matches(['\n', '\r']);
        // A place that goes on below is marked as far as its first line says something.
        let start = (start - first).min(whole.len());
        let end = (end.saturating_sub(first)).clamp(start, whole.trim_end().len().max(start));
        let fits = whole.is_char_boundary(start) && whole.is_char_boundary(end);
        fits.then_some(Span { line, text: whole, start, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::SourceId;

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.add(Source { name: "a.yaml".into(), text: Some(text.into()), rank: Rank::Declared, taken: None });
        sources
    }

    fn columns(text: &str, start: u32, end: u32) -> (usize, (usize, usize), (usize, usize)) {
        let sources = sources(text);
        let place = Place { source: SourceId(0), start, end };
        let span = Atlas::new(&sources).locate(Some(place)).unwrap().span.unwrap();
        (span.line, span.columns(), span.utf16_columns())
    }

    #[test]
    fn columns_count_characters_or_utf16_units() {
        // The emoji is one character, two UTF-16 units and four bytes.
        assert_eq!(columns("a: 1\nb🙂: xyz\n", 12, 15), (2, (5, 8), (6, 9)));
    }

    #[test]
    fn a_place_over_many_lines_is_marked_on_its_first() {
        assert_eq!(columns("a:\n  b: 1 \r\n  c: 2\n", 5, 18), (2, (3, 7), (3, 7)));
    }

    #[test]
    fn places_at_and_past_the_end_are_no_panic() {
        assert_eq!(columns("a: 1", 4, 4).0, 1);
        assert_eq!(columns("a: 1\n", 90, 95).0, 2);
        let sources = sources("é");
        let inside = Place { source: SourceId(0), start: 1, end: 2 };
        assert!(Atlas::new(&sources).locate(Some(inside)).unwrap().span.is_none());
        assert!(Atlas::new(&sources).locate(Some(Place { source: SourceId(7), start: 0, end: 1 })).is_none());
    }
}
