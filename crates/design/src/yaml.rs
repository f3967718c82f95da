//! YAML text to nodes, within bounds.
//!
//! The parser is event driven; this file builds the tree, resolves anchors within a budget, and
//! refuses what a design never needs: duplicate keys, keys that are no scalars, tags, a second document.

use crate::node::{Entry, Node, Shape, place};
use crate::{Bounds, Problem};
use model::{Place, SourceId};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::borrow::Cow;
use std::collections::HashMap;

/// Reads the one document of a YAML text.
pub(crate) fn parse<'t>(text: &'t str, source: SourceId, bounds: &Bounds) -> Result<Node<'t>, Problem> {
    let mut builder = Builder { source, bounds, offsets: Offsets::new(text), nodes: 0, anchors: HashMap::new(), text };
    let mut parser = Parser::new_from_str(text);
    let mut document = None;
    loop {
        let (event, span) = match parser.next_event() {
            None => break,
            Some(Ok(next)) => next,
            Some(Err(error)) => {
                let at = builder.offsets.byte(error.marker().index());
                // The one character there, unless the line ends.
                let here = text[at..].chars().next().filter(|c| *c != '\n');
                let end = at + here.map_or(0, char::len_utf8);
                return Err(Problem::new(place(source, at, end), error.info().to_owned(), "well-formed YAML"));
            }
        };
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            Event::StreamEnd => break,
            _ if document.is_some() => {
                let at = builder.place(span);
                return Err(Problem::new(at, "a second YAML document", "one document in a file; use a file for each"));
            }
            event => document = Some(builder.node(event, span, &mut parser, 0)?),
        }
    }
    Ok(document.unwrap_or_else(|| Node { place: place(source, 0, 0), shape: Shape::Null }))
}

struct Builder<'t, 'b> {
    source: SourceId,
    text: &'t str,
    bounds: &'b Bounds,
    offsets: Offsets,
    nodes: usize,
    anchors: HashMap<usize, Node<'t>>,
}

type Events<'t> = Parser<'t, saphyr_parser::StrInput<'t>>;

impl<'t> Builder<'t, '_> {
    fn node(
        &mut self,
        event: Event<'t>,
        span: Span,
        events: &mut Events<'t>,
        depth: usize,
    ) -> Result<Node<'t>, Problem> {
        let at = self.place(span);
        self.count(at, 1)?;
        if depth > self.bounds.depth {
            return Err(Problem::new(at, format!("values nested deeper than {}", self.bounds.depth), "a flatter file"));
        }
        let mut closed = None;
        let (shape, anchor, tag) = match event {
            Event::Alias(id) => {
                let Some(target) = self.anchors.get(&id).cloned() else {
                    return Err(Problem::new(
                        at,
                        "an alias within its own anchor",
                        "an alias to a value that is complete",
                    ));
                };
                self.count(at, size(&target))?;
                return Ok(target);
            }
            Event::Scalar(text, style, anchor, tag) => {
                closed = self.closing_quote(at, style);
                (scalar(text, style), anchor, tag)
            }
            Event::SequenceStart(anchor, tag) => (Shape::List(self.items(events, depth, &mut closed)?), anchor, tag),
            Event::MappingStart(anchor, tag) => (Shape::Map(self.entries(events, depth, &mut closed)?), anchor, tag),
            other => return Err(Problem::new(at, format!("{other:?}"), "a value")),
        };
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
            return Err(Problem::new(
                at,
                format!("the tag `{}{}`", tag.handle, tag.suffix),
                "a plain value without a tag",
            ));
        }
        let end = match &shape {
            Shape::List(items) => items.last().map(|item| item.place.end),
            Shape::Map(entries) => entries.last().map(|entry| entry.value.place.end.max(entry.place.end)),
            Shape::Null | Shape::Scalar(_) => None,
        };
        let end = closed.unwrap_or_else(|| end.unwrap_or(at.end).max(at.end));
        let at = Place { end, ..at };
        let node = Node { place: at, shape };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn items(
        &mut self,
        events: &mut Events<'t>,
        depth: usize,
        closed: &mut Option<u32>,
    ) -> Result<Vec<Node<'t>>, Problem> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next(events)?;
            match event {
                Event::SequenceEnd => {
                    *closed = self.bracket(span);
                    return Ok(items);
                }
                event => items.push(self.node(event, span, events, depth + 1)?),
            }
        }
    }

    fn entries(
        &mut self,
        events: &mut Events<'t>,
        depth: usize,
        closed: &mut Option<u32>,
    ) -> Result<Vec<Entry<'t>>, Problem> {
        let mut entries: Vec<Entry<'t>> = Vec::new();
        let mut seen: HashMap<Cow<'t, str>, Place> = HashMap::new();
        loop {
            let (event, span) = self.next(events)?;
            let at = self.place(span);
            let key = match event {
                Event::MappingEnd => {
                    *closed = self.bracket(span);
                    return Ok(entries);
                }
                Event::Scalar(key, ..) => key,
                _ => return Err(Problem::new(at, "a key that is no word", "a key and a value, like `vlan: 100`")),
            };
            if let Some(first) = seen.insert(key.clone(), at) {
                let line = self.text[..first.start as usize].matches('\n').count() + 1;
                return Err(Problem::new(
                    at,
                    format!("`{key}` a second time"),
                    format!("each key once; the first is on line {line}"),
                ));
            }
            let (event, span) = self.next(events)?;
            let value = self.node(event, span, events, depth + 1)?;
            entries.push(Entry { key, place: at, value });
        }
    }

    fn next(&self, events: &mut Events<'t>) -> Result<(Event<'t>, Span), Problem> {
        match events.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let at = self.offsets.byte(error.marker().index());
                Err(Problem::new(place(self.source, at, at), error.info().to_owned(), "well-formed YAML"))
            }
            None => {
                let end = self.text.len();
                Err(Problem::new(place(self.source, end, end), "the end of the file", "the rest of the value"))
            }
        }
    }

    fn count(&mut self, at: Place, nodes: usize) -> Result<(), Problem> {
        self.nodes += nodes;
        match self.nodes > self.bounds.nodes {
            true => {
                Err(Problem::new(at, format!("more than {} values", self.bounds.nodes), "a smaller file, or several"))
            }
            false => Ok(()),
        }
    }

    /// The end of a quoted scalar; the parser's own span goes on over blanks and a comment.
    fn closing_quote(&self, at: Place, style: ScalarStyle) -> Option<u32> {
        let quote = match style {
            ScalarStyle::SingleQuoted => '\'',
            ScalarStyle::DoubleQuoted => '"',
            ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => return None,
        };
        let text = self.text.get(at.start as usize..at.end as usize)?;
        let mut chars = text.char_indices().skip_while(|(_, c)| *c != quote).skip(1).peekable();
        while let Some((index, c)) = chars.next() {
            if c == '\\' && quote == '"' {
                chars.next();
            } else if c == quote && !(quote == '\'' && chars.next_if(|(_, next)| *next == quote).is_some()) {
                return Some(at.start + u32::try_from(index + 1).unwrap_or(u32::MAX));
            }
        }
        None
    }

    /// The end of the bracket that closes a list or mapping, if one does.
    fn bracket(&self, span: Span) -> Option<u32> {
        let at = self.offsets.byte(span.start.index());
        matches!(self.text.as_bytes().get(at), Some(b']' | b'}')).then(|| place(self.source, at, at + 1).end)
    }

    fn place(&self, span: Span) -> Place {
        let start = self.offsets.byte(span.start.index());
        let end = self.offsets.byte(span.end.index());
        let trimmed = self.text.get(start..end).map_or(end, |text| start + text.trim_end().len());
        place(self.source, start, trimmed)
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Shape<'_> {
    let plain = matches!(style, ScalarStyle::Plain);
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" if plain => Shape::Null,
        _ => Shape::Scalar(text),
    }
}

fn size(node: &Node<'_>) -> usize {
    1 + match &node.shape {
        Shape::Null | Shape::Scalar(_) => 0,
        Shape::List(items) => items.iter().map(size).sum(),
        Shape::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
    }
}

/// Turns the parser's character indexes into byte offsets; free for ASCII.
struct Offsets {
    // Byte offset of each character, for texts that are not ASCII.
    bytes: Option<Vec<u32>>,
    length: usize,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let bytes = (!text.is_ascii())
            .then(|| text.char_indices().map(|(byte, _)| u32::try_from(byte).unwrap_or(u32::MAX)).collect());
        Self { bytes, length: text.len() }
    }

    fn byte(&self, index: usize) -> usize {
        match &self.bytes {
            None => index.min(self.length),
            Some(bytes) => bytes.get(index).map_or(self.length, |&byte| byte as usize),
        }
    }
}
