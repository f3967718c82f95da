//! A fleet: exports of many circuits, read one element at a time.
//!
//! [`Elements`] takes the bytes of a file in chunks of any size and cuts out the objects of a top-level array,
//! of a page (`{"value": […]}`, `{"data": […]}`), or of JSON lines. It finds where an object ends and looks no
//! further: what stands in it is for [`read_element`](crate::read_element). At most one unfinished object is held.
//!
//! ```
//! let mut names = Vec::new();
//! let mut elements = design::fleet::Elements::default();
//! for chunk in [r#"[{"name": "a"#, r#"ms"}, {"name": "dub"}]"#] {
//!     elements.push(chunk.as_bytes(), |element| names.push((element.offset, element.bytes.len())))?;
//! }
//! elements.finish()?;
//! assert_eq!(names, [(1, 15), (18, 15)]);
//! # Ok::<(), design::fleet::FleetError>(())
//! ```

/// The most bytes that one element may have: 4 MiB.
pub const LIMIT: usize = 4 << 20;

/// One object of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'c> {
    /// Where it begins in the file.
    pub offset: u64,
    /// Its text, from brace to brace.
    pub bytes: &'c [u8],
}

/// Why a fleet cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FleetError {
    /// An element is longer than [`LIMIT`].
    #[error("an element longer than {} MiB at byte {offset}", LIMIT >> 20)]
    TooLong {
        /// Where it begins.
        offset: u64,
    },
    /// Something else than an object where one should begin or have ended.
    #[error("`{}` at byte {offset}, where an object or the end of the list was expected", .byte.escape_ascii())]
    Unexpected {
        /// Where.
        offset: u64,
        /// What stands there.
        byte: u8,
    },
    /// The file ends within an element or list.
    #[error("the end of the file within what begins at byte {offset}: the export is cut off")]
    CutOff {
        /// Where the last element or page that was begun begins.
        offset: u64,
    },
    /// The file is one page of several: it names a page that follows.
    #[error("one page of several: the export goes on at the link at byte {offset}")]
    MorePages {
        /// Where it does.
        offset: u64,
    },
}

/// Cuts the elements out of a stream of bytes.
#[derive(Debug, Default)]
pub struct Elements {
    state: State,
    /// How many bytes were pushed before the current chunk.
    pushed: u64,
    /// Where the current element or page begins.
    start: u64,
    /// The part of the current element that earlier chunks brought.
    held: Vec<u8>,
    /// The link to a further page.
    more: Option<u64>,
}

/// Where in the file the next byte stands.
#[derive(Debug, Default)]
enum State {
    /// Before a document, or between lines.
    #[default]
    Top,
    /// In an object that stands by itself: an element, unless one of its keys makes it a page.
    Object(Head),
    /// In a page, behind its list.
    Page(Head),
    /// Between the elements of a list.
    List { page: Option<Head>, due: Due },
    /// In an element of a list.
    Element { page: Option<Head>, inside: Inside },
}

/// What a list may go on with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Due {
    ElementOrEnd,
    Element,
    CommaOrEnd,
}

/// Within brackets: how deep, counting only brackets of the outermost kind, and whether within a text.
#[derive(Debug, Clone, Copy)]
struct Inside {
    open: u8,
    close: u8,
    depth: u32,
    text: Text,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Text {
    Outside,
    Within,
    Escaped,
}

impl Inside {
    /// Right behind an opening bracket.
    fn new(open: u8) -> Self {
        let close = if open == b'{' { b'}' } else { b']' };
        Self { open, close, depth: 1, text: Text::Outside }
    }

    /// Goes on to behind the closing bracket; `None` when it is not in these bytes.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            match self.text {
                Text::Outside => {
                    at += memchr::memchr3(b'"', self.open, self.close, &bytes[at..])? + 1;
                    match bytes[at - 1] {
                        b'"' => self.text = Text::Within,
                        byte if byte == self.open => self.depth += 1,
                        _ => self.depth -= 1,
                    }
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
                Text::Within => {
                    at += memchr::memchr2(b'"', b'\\', &bytes[at..])? + 1;
                    self.text = if bytes[at - 1] == b'"' { Text::Outside } else { Text::Escaped };
                }
                Text::Escaped => {
                    bytes.get(at)?;
                    at += 1;
                    self.text = Text::Within;
                }
            }
        }
    }
}

/// The keys of an object that may be a page, as they pass.
#[derive(Debug, Default)]
struct Head {
    /// The last key, as far as a key of a page is long.
    key: Word,
    /// Behind the key: the value follows.
    in_value: bool,
    /// Within a text of the object itself.
    text: Option<Text>,
    /// Where the text began.
    text_start: u64,
    /// Within a nested value.
    nested: Option<Inside>,
    /// An object that names its circuit is a table in its envelope, and its list no list of elements.
    is_envelope: bool,
    /// The link to a further page.
    more: Option<u64>,
}

/// The first bytes of a key, enough to tell the keys of a page.
#[derive(Debug, Default)]
struct Word {
    bytes: [u8; 12],
    length: usize,
}

impl Word {
    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
        }
        self.length += 1;
    }

    fn is_one_of(&self, words: &[&str]) -> bool {
        self.bytes
            .get(..self.length)
            .is_some_and(|key| words.iter().any(|word| key.eq_ignore_ascii_case(word.as_bytes())))
    }
}

/// What a step through the keys of an object came upon.
enum Step {
    /// The end of the bytes.
    Wanting,
    /// The list of a page, behind its bracket.
    List(usize),
    /// The end of the object, behind its brace.
    End(usize),
}

impl Head {
    /// Goes on to the list of a page or to the end of the object. `base` is where the bytes stand in the file.
    fn step(&mut self, bytes: &[u8], base: u64) -> Step {
        let mut at = 0;
        while at < bytes.len() {
            if let Some(inside) = &mut self.nested {
                let Some(length) = inside.end(&bytes[at..]) else { return Step::Wanting };
                at += length;
                self.nested = None;
                continue;
            }
            let (byte, here) = (bytes[at], base + at as u64);
            at += 1;
            match (self.text, byte) {
                (Some(Text::Escaped), _) => self.text = Some(Text::Within),
                (Some(_), b'\\') => self.text = Some(Text::Escaped),
                (Some(_), b'"') => {
                    self.text = None;
                    self.end_of_text(here);
                }
                (Some(_), byte) if !self.in_value => self.key.push(byte),
                (Some(_), _) => {}
                (None, b'"') => {
                    self.text = Some(Text::Within);
                    self.text_start = here;
                    if !self.in_value {
                        self.key = Word::default();
                    }
                }
                (None, b':') => self.in_value = true,
                (None, b',') => self.in_value = false,
                (None, b'[') if self.key.is_one_of(&["value", "data"]) && !self.is_envelope => return Step::List(at),
                (None, b'[' | b'{') => self.nested = Some(Inside::new(byte)),
                (None, b'}') => return Step::End(at),
                (None, _) => {}
            }
        }
        Step::Wanting
    }

    fn end_of_text(&mut self, here: u64) {
        if !self.in_value {
            self.is_envelope |= self.key.is_one_of(&["circuit"]);
        } else if self.key.is_one_of(&["nextLink", "skip_token", "$skipToken", "skipToken"])
            && here > self.text_start + 1
        {
            self.more.get_or_insert(self.text_start);
        }
    }
}

impl Elements {
    /// Takes the next bytes of the file and gives each element that ends in them.
    ///
    /// # Errors
    /// What stands between elements is no JSON, or an element is too long. Nothing more can be pushed then.
    pub fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Element<'_>)) -> Result<(), FleetError> {
        let mut at = 0;
        // Where the current element goes on in this chunk.
        let mut from = 0;
        while at < chunk.len() {
            let here = self.pushed + at as u64;
            let byte = chunk[at];
            self.state = match std::mem::take(&mut self.state) {
                State::Top => {
                    at += 1;
                    match byte {
                        b' ' | b'\t' | b'\r' | b'\n' => State::Top,
                        // A byte order mark.
                        0xef | 0xbb | 0xbf if here < 3 => State::Top,
                        b'[' => {
                            self.start = here;
                            State::List { page: None, due: Due::ElementOrEnd }
                        }
                        b'{' => {
                            (self.start, from) = (here, at - 1);
                            State::Object(Head::default())
                        }
                        byte => return Err(FleetError::Unexpected { offset: here, byte }),
                    }
                }
                State::Object(mut head) => match head.step(&chunk[at..], here) {
                    Step::Wanting => {
                        at = chunk.len();
                        State::Object(head)
                    }
                    Step::List(length) => {
                        at += length;
                        self.held.clear();
                        State::List { page: Some(head), due: Due::ElementOrEnd }
                    }
                    Step::End(length) => {
                        at += length;
                        self.give(&chunk[from..at], &mut each)?;
                        State::Top
                    }
                },
                State::Page(mut head) => match head.step(&chunk[at..], here) {
                    Step::Wanting => {
                        at = chunk.len();
                        State::Page(head)
                    }
                    Step::List(length) => {
                        at += length;
                        State::List { page: Some(head), due: Due::ElementOrEnd }
                    }
                    Step::End(length) => {
                        at += length;
                        self.more = self.more.or(head.more);
                        State::Top
                    }
                },
                State::List { page, due } => {
                    at += 1;
                    match (byte, due) {
                        (b' ' | b'\t' | b'\r' | b'\n', due) => State::List { page, due },
                        (b',', Due::CommaOrEnd) => State::List { page, due: Due::Element },
                        (b']', Due::ElementOrEnd | Due::CommaOrEnd) => page.map_or(State::Top, State::Page),
                        (b'{', Due::ElementOrEnd | Due::Element) => {
                            (self.start, from) = (here, at - 1);
                            State::Element { page, inside: Inside::new(b'{') }
                        }
                        (byte, _) => return Err(FleetError::Unexpected { offset: here, byte }),
                    }
                }
                State::Element { page, mut inside } => match inside.end(&chunk[at..]) {
                    None => {
                        at = chunk.len();
                        State::Element { page, inside }
                    }
                    Some(length) => {
                        at += length;
                        self.give(&chunk[from..at], &mut each)?;
                        State::List { page, due: Due::CommaOrEnd }
                    }
                },
            };
        }
        if matches!(self.state, State::Object(_) | State::Element { .. }) {
            self.hold(&chunk[from..])?;
        }
        self.pushed += chunk.len() as u64;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The file is cut off, or is one page of several.
    pub fn finish(self) -> Result<(), FleetError> {
        match (self.state, self.more) {
            (State::Top, None) => Ok(()),
            (State::Top, Some(offset)) => Err(FleetError::MorePages { offset }),
            _ => Err(FleetError::CutOff { offset: self.start }),
        }
    }

    /// Gives an element whose end, or whole, stands in the chunk.
    fn give(&mut self, bytes: &[u8], each: &mut impl FnMut(Element<'_>)) -> Result<(), FleetError> {
        let offset = self.start;
        if self.held.is_empty() {
            if bytes.len() > LIMIT {
                return Err(FleetError::TooLong { offset });
            }
            each(Element { offset, bytes });
        } else {
            self.hold(bytes)?;
            each(Element { offset, bytes: &self.held });
            self.held.clear();
        }
        Ok(())
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), FleetError> {
        if self.held.len() + bytes.len() > LIMIT {
            return Err(FleetError::TooLong { offset: self.start });
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements of a text that comes in chunks of a size, with their offsets.
    fn split(text: &str, size: usize) -> Result<Vec<(u64, String)>, FleetError> {
        let mut found = Vec::new();
        let mut elements = Elements::default();
        for chunk in text.as_bytes().chunks(size) {
            elements.push(chunk, |element| {
                found.push((element.offset, String::from_utf8_lossy(element.bytes).into_owned()));
            })?;
        }
        elements.finish().map(|()| found)
    }

    /// The elements of a text, which must be the same however it is cut.
    fn elements(text: &str) -> Vec<String> {
        let whole = split(text, usize::MAX).unwrap();
        for size in 1..text.len() + 1 {
            assert_eq!(split(text, size).unwrap(), whole, "in chunks of {size}");
        }
        for (offset, element) in &whole {
            assert!(text[*offset as usize..].starts_with(element));
        }
        whole.into_iter().map(|(_, element)| element).collect()
    }

    #[test]
    fn lists_pages_and_lines_give_the_same_elements() {
        let (one, two) = (r#"{"name": "a}]\"{", "peerings": [{"vlanId": 1}]}"#, r#"{"name": "\\"}"#);
        for text in [
            format!("[{one},\n {two}]"),
            format!("{one}\r\n{two}\n"),
            format!("\u{feff}{one}{two}"),
            format!(r#"{{"value": [{one}, {two}], "nextLink": null}}"#),
            format!(r#"{{"count": 2, "facets": [[1], {{"data": []}}], "data": [{one}, {two}], "skip_token": ""}}"#),
            format!("{{\"value\": [{one}]}}\n{{\"value\": [{two}]}}"),
        ] {
            assert_eq!(elements(&text), [one, two], "{text}");
        }
    }

    #[test]
    fn an_empty_file_or_list_has_no_elements() {
        for text in ["", "\n", "[]", " [ ]\n", r#"{"value": []}"#] {
            assert_eq!(elements(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_table_in_its_envelope_is_an_element() {
        let table = r#"{"circuit": "ams", "path": "primary", "value": [{"network": "10.0.0.0/8"}]}"#;
        assert_eq!(elements(table), [table]);
    }

    #[test]
    fn an_element_in_which_a_deeper_key_is_called_value_is_no_page() {
        let circuit = r#"{"id": "x", "tags": {"value": ["a"]}, "peerings": [{"value": []}]}"#;
        assert_eq!(elements(circuit), [circuit]);
    }

    #[test]
    fn a_file_that_ends_early_is_cut_off() {
        for text in ["[", r#"[{"a": "#, r#"[{"a": 1}"#, r#"[{"a": 1},"#, r#"{"value": [{"a": 1}]"#, r#"{"a": "}"#] {
            for size in 1..=text.len() {
                assert!(matches!(split(text, size), Err(FleetError::CutOff { .. })), "{text}");
            }
        }
    }

    #[test]
    fn a_further_page_is_said_so() {
        let text = r#"{"nextLink": "https://next", "value": [{"a": 1}]}"#;
        assert_eq!(split(text, 7), Err(FleetError::MorePages { offset: 13 }));
        let text = r#"{"value": [{"a": 1}], "nextLink": "https://next"}"#;
        assert_eq!(split(text, 7), Err(FleetError::MorePages { offset: 34 }));
    }

    #[test]
    fn what_is_no_object_is_refused_where_it_stands() {
        let error = split("[1]", 1).unwrap_err();
        assert_eq!(error.to_string(), "`1` at byte 1, where an object or the end of the list was expected");
        for (text, offset, byte) in [
            ("[1]", 1, b'1'),
            ("hello", 0, b'h'),
            ("[{}{}]", 3, b'{'),
            ("[,{}]", 1, b','),
            ("[{},]", 4, b']'),
            ("<html>", 0, b'<'),
        ] {
            assert_eq!(split(text, 2), Err(FleetError::Unexpected { offset, byte }), "{text}");
        }
    }

    #[test]
    fn an_element_without_end_is_not_held() {
        for text in [format!(r#"[{{"a": "{}"}}]"#, "x".repeat(LIMIT)), format!("{{{}", " ".repeat(LIMIT))] {
            for size in [1 << 16, usize::MAX] {
                assert!(matches!(split(&text, size), Err(FleetError::TooLong { .. })));
            }
        }
        let longest = format!(r#"{{"a": "{}"}}"#, "x".repeat(LIMIT - 9));
        assert_eq!(split(&longest, 1 << 16).unwrap()[0].1.len(), LIMIT);
    }
}
