//! Changing a design file without rewriting it.
//!
//! [`apply`] takes [`Edit`]s, finds what they name in the text, and writes the new values in the manner of
//! what stands there: a quoted value stays quoted, a block list stays a block list, a key is added on a line
//! of its own or within the braces of its record. All else, comments above all, stays byte for byte.

use crate::{Bounds, Entry, Node, Problem, Shape, parse};
use model::{Edit, Place, SourceId, Written};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Why a text cannot be changed as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EditError {
    /// The text is not well formed.
    #[error("the text cannot be read: {}", .0.seen)]
    Unreadable(Problem),
    /// The text holds nothing at a place: the edit was made for another text.
    #[error("bytes {} to {} hold no value", .0.start, .0.end)]
    NothingThere(Place),
    /// A key to be set says something already.
    #[error("`{0}` has a value already")]
    KeyInUse(&'static str),
    /// Two edits change the same bytes.
    #[error("two changes of byte {0}")]
    Overlap(usize),
    /// The changed text would not be well formed.
    #[error("the change would leave a text that cannot be read: {}", .0.seen)]
    Broken(Problem),
}

/// The text with all edits made; their places are those of the text as it was.
///
/// # Errors
/// An edit does not fit the text or another edit. Nothing is changed by halves.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let root = parse(text, SourceId(0), &Bounds::default()).map_err(EditError::Unreadable)?;
    let editor = Editor { text, root: &root };
    let mut splices = Vec::new();
    let mut replaced = BTreeSet::new();
    let mut settings: BTreeMap<Place, Vec<Setting>> = BTreeMap::new();
    for edit in edits {
        match edit {
            Edit::Replace { place, .. } if !replaced.insert(*place) => {
                return Err(EditError::Overlap(place.start as usize));
            }
            Edit::Replace { place, value } => editor.replace(*place, value, &mut splices)?,
            Edit::Set { record, key, after, value } => {
                add(settings.entry(*record).or_default(), Setting { key, after: *after, value: value.clone() });
            }
        }
    }
    for (record, settings) in settings {
        editor.set(record, settings, &mut splices)?;
    }
    let changed = splice(text, splices)?;
    parse(&changed, SourceId(0), &Bounds::default()).map_err(EditError::Broken)?;
    Ok(changed)
}

/// A key that a record gets.
struct Setting {
    key: &'static str,
    after: Option<&'static str>,
    value: Written,
}

/// Adds a setting; two that set one key to records of their own become one.
fn add(settings: &mut Vec<Setting>, new: Setting) {
    let twin = settings.iter_mut().find(|setting| setting.key == new.key).map(|setting| &mut setting.value);
    match (twin, new) {
        (Some(Written::Record(entries)), Setting { value: Written::Record(more), .. }) => entries.extend(more),
        (_, new) => settings.push(new),
    }
}

/// New text for a range of bytes; an insertion when the range is empty.
struct Splice {
    range: Range<usize>,
    text: String,
    // How far a new line is indented: of several at one place, the innermost comes first.
    indent: usize,
}

impl Splice {
    fn new(range: Range<usize>, text: String) -> Self {
        Self { range, text, indent: 0 }
    }
}

fn splice(text: &str, mut splices: Vec<Splice>) -> Result<String, EditError> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end, Reverse(splice.indent)));
    let mut changed = String::with_capacity(text.len() + 64);
    let mut done = 0;
    for Splice { range, text: new, .. } in splices {
        if range.start < done {
            return Err(EditError::Overlap(range.start));
        }
        changed.push_str(&text[done..range.start]);
        changed.push_str(&new);
        done = range.end;
    }
    changed.push_str(&text[done..]);
    Ok(changed)
}

struct Editor<'t> {
    text: &'t str,
    root: &'t Node<'t>,
}

impl<'t> Editor<'t> {
    fn replace(&self, place: Place, value: &Written, splices: &mut Vec<Splice>) -> Result<(), EditError> {
        let node = find(self.root, place).ok_or(EditError::NothingThere(place))?;
        match (&node.shape, value) {
            (Shape::List(old), Written::List(new)) if !old.is_empty() && new.len() >= old.len() => {
                self.replace_items(old, new, splices);
            }
            // A block list may stand at the indentation of its key, where a plain value could not.
            (Shape::List(old), Written::Value(new)) if !self.is_flow(node) && !old.is_empty() => {
                let whole = self.bytes(&old[0]).start..self.end(node);
                splices.push(Splice::new(whole, self.scalar(&old[0], new)));
            }
            (Shape::List(old), Written::List(new)) if !self.is_flow(node) && !old.is_empty() && !new.is_empty() => {
                let whole = self.bytes(&old[0]).start..self.end(node);
                let items: Vec<_> = new.iter().map(|item| self.scalar(&old[0], item)).collect();
                splices.push(Splice::new(whole, items.join(&self.dash(&old[0]))));
            }
            (_, new) => splices.push(Splice::new(self.bytes(node), self.write(node, new))),
        }
        Ok(())
    }

    /// Changes a list element by element, so that comments between them stay.
    fn replace_items(&self, old: &[Node<'_>], new: &[String], splices: &mut Vec<Splice>) {
        for (node, item) in old.iter().zip(new).filter(|(node, item)| node.text() != Some(item)) {
            splices.push(Splice::new(self.bytes(node), self.scalar(node, item)));
        }
        let Some(last) = old.last() else { return };
        let more = new[old.len()..].iter().map(|item| self.scalar(last, item));
        if self.follows_dash(last) {
            let dash = self.dash(last);
            let end = self.line_end(self.bytes(last).end);
            splices.extend(more.map(|item| Splice {
                range: end..end,
                text: format!("{dash}{item}"),
                indent: usize::MAX,
            }));
        } else {
            let end = self.bytes(last).end;
            splices.extend(more.map(|item| Splice::new(end..end, format!(", {item}"))));
        }
    }

    fn set(&self, record: Place, settings: Vec<Setting>, splices: &mut Vec<Splice>) -> Result<(), EditError> {
        let node = find(self.root, record).ok_or(EditError::NothingThere(record))?;
        let Shape::Map(entries) = &node.shape else { return Err(EditError::NothingThere(record)) };
        if entries.is_empty() {
            let new = Written::Record(settings.into_iter().map(|setting| (setting.key, setting.value)).collect());
            splices.push(Splice::new(self.bytes(node), self.write(node, &new)));
            return Ok(());
        }
        for Setting { key, after, value } in settings {
            let neighbour = entries.iter().find(|entry| Some(&*entry.key) == after);
            splices.push(match entries.iter().find(|entry| entry.key == key) {
                Some(entry) if entry.value.is_null() || entry.value.text() == Some("unknown") => {
                    self.fill(entry, &value)
                }
                Some(_) => return Err(EditError::KeyInUse(key)),
                None => self.add_entry(node, neighbour.unwrap_or(&entries[entries.len() - 1]), key, &value),
            });
        }
        Ok(())
    }

    /// Gives a value to a key that has none.
    fn fill(&self, entry: &Entry<'_>, value: &Written) -> Splice {
        let written = self.write(&entry.value, value);
        let old = self.bytes(&entry.value);
        match old.is_empty() {
            false => Splice::new(old, written),
            true => {
                let end = entry.place.end as usize;
                let end = end + self.text[end..].find(':').map_or(0, |colon| colon + 1);
                Splice::new(end..end, format!(" {written}"))
            }
        }
    }

    /// Adds a key and its value to a record, after one of its entries.
    fn add_entry(&self, record: &Node<'_>, after: &Entry<'_>, key: &str, value: &Written) -> Splice {
        let end = self.end_of_entry(after);
        if self.is_flow(record) {
            return Splice::new(end..end, format!(", {}", self.entry(key, self.write(record, value))));
        }
        let end = self.line_end(end);
        let line = self.newline();
        let indent = self.column(after.place.start as usize);
        let written = match (value, after.value.entries()) {
            (Written::Record(new), [first, ..]) if !self.is_flow(&after.value) => {
                let inner = self.column(first.place.start as usize);
                let line = |(key, value): &(&str, Written)| {
                    format!("{line}{:inner$}{}", "", self.entry(key, self.write(record, value)))
                };
                self.entry(key, new.iter().map(line).collect())
            }
            _ => self.entry(key, self.write(record, value)),
        };
        Splice { range: end..end, text: format!("{line}{:indent$}{written}", ""), indent }
    }

    /// A key and its value; the value may start on a line of its own.
    fn entry(&self, key: &str, value: String) -> String {
        let key = if self.is_json() { quoted(key, Some('"')) } else { key.to_owned() };
        let blank = if value.starts_with(['\n', '\r']) { "" } else { " " };
        format!("{key}:{blank}{value}")
    }

    /// A value as text, quoted like the one in whose place it comes.
    fn write(&self, like: &Node<'_>, value: &Written) -> String {
        let like = like.items().first().unwrap_or(like);
        match value {
            Written::Value(text) => self.scalar(like, text),
            Written::List(items) => {
                format!("[{}]", items.iter().map(|item| self.scalar(like, item)).collect::<Vec<_>>().join(", "))
            }
            Written::Record(entries) => {
                let entry = |(key, value): &(&str, Written)| self.entry(key, self.write(like, value));
                format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn scalar(&self, like: &Node<'_>, text: &str) -> String {
        let number = text.parse::<u64>().is_ok() || matches!(text, "true" | "false");
        match (&like.shape, quote(&self.text[self.bytes(like).start..])) {
            (Shape::Scalar(_), Some(quote)) => quoted(text, Some(quote)),
            _ if self.is_json() && !number => quoted(text, Some('"')),
            _ => quoted(text, None),
        }
    }

    /// Whether keys are quoted, as JSON has them.
    fn is_json(&self) -> bool {
        let first = self.root.entries().first().map(|entry| entry.place.start as usize);
        first.is_some_and(|start| self.text[start..].starts_with('"'))
    }

    /// The bytes of a node, without an anchor before it.
    fn bytes(&self, node: &Node<'_>) -> Range<usize> {
        let (start, end) = (node.place.start as usize, node.place.end as usize);
        let text = self.text.get(start..end).unwrap_or_default();
        let value = match text.starts_with('&') {
            true => text.split_once(char::is_whitespace).map_or("", |(_, value)| value.trim_start()),
            false => text,
        };
        end - value.len()..end
    }

    /// One past the last byte of a node that has text; of a block, that of its last part.
    fn end(&self, node: &Node<'_>) -> usize {
        let own = node.place.end as usize;
        match &node.shape {
            _ if self.is_flow(node) => own,
            Shape::Null | Shape::Scalar(_) => own,
            Shape::List(items) => items.last().map_or(own, |item| self.end(item)),
            Shape::Map(entries) => entries.last().map_or(own, |entry| self.end_of_entry(entry)),
        }
    }

    fn end_of_entry(&self, entry: &Entry<'_>) -> usize {
        let key = entry.place.end as usize;
        let value = self.end(&entry.value);
        if value > key {
            return value;
        }
        // Nothing stands there, or an alias: it has the place of what it stands for, which lies before.
        let rest = &self.text[key..];
        let Some(value) = rest.trim_start().strip_prefix(':').map(|value| value.trim_start_matches(' ')) else {
            return key;
        };
        let alias = match value.starts_with('*') {
            true => value.find(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']')).unwrap_or(value.len()),
            false => 0,
        };
        key + (rest.len() - value.len()) + alias
    }

    fn is_flow(&self, node: &Node<'_>) -> bool {
        self.text[self.bytes(node)].starts_with(['{', '['])
    }

    fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    fn line_start(&self, byte: usize) -> usize {
        self.text[..byte].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn line_end(&self, byte: usize) -> usize {
        let end = self.text[byte..].find('\n').map_or(self.text.len(), |newline| byte + newline);
        if self.text[byte..end].ends_with('\r') { end - 1 } else { end }
    }

    fn column(&self, byte: usize) -> usize {
        self.text[self.line_start(byte)..byte].chars().count()
    }

    /// A new line with a dash like that of a block list's element.
    fn dash(&self, item: &Node<'_>) -> String {
        let start = item.place.start as usize;
        let line = &self.text[self.line_start(start)..start];
        let indent = line.split_once('-').map_or("", |(indent, _)| indent);
        format!("{}{indent}- ", self.newline())
    }

    fn follows_dash(&self, item: &Node<'_>) -> bool {
        let start = item.place.start as usize;
        self.text[self.line_start(start)..start].trim() == "-"
    }
}

/// The node at a place. A named record is also known by the place of its name.
fn find<'n, 't>(node: &'n Node<'t>, place: Place) -> Option<&'n Node<'t>> {
    let same = |other: Place| (other.start, other.end) == (place.start, place.end);
    if same(node.place) {
        return Some(node);
    }
    match &node.shape {
        Shape::Null | Shape::Scalar(_) => None,
        Shape::List(items) => items.iter().find_map(|item| find(item, place)),
        Shape::Map(entries) => entries.iter().find_map(|entry| match same(entry.place) {
            true => Some(&entry.value),
            false => find(&entry.value, place),
        }),
    }
}

/// The quote with which a text starts.
fn quote(text: &str) -> Option<char> {
    text.chars().next().filter(|first| matches!(first, '"' | '\''))
}

/// A text as a YAML scalar, quoted when asked or when it would mean something else without.
pub(crate) fn quoted(text: &str, quote: Option<char>) -> String {
    match quote {
        Some('\'') if !text.chars().any(char::is_control) => format!("'{}'", text.replace('\'', "''")),
        Some(_) => serde_json::Value::from(text).to_string(),
        None if is_plain(text) => text.to_owned(),
        None => serde_json::Value::from(text).to_string(),
    }
}

/// Whether a text means itself as a plain scalar, within brackets too.
fn is_plain(text: &str) -> bool {
    let harmless = |c: char| c.is_alphanumeric() || matches!(c, '.' | '/' | '-' | '_' | '+' | ':' | ' ' | '(' | ')');
    let starts = text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '.'))
        || (text.starts_with("::") && text.len() > 2);
    starts
        && text.chars().all(harmless)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && !matches!(text, "null" | "Null" | "NULL" | "...")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of the nth occurrence of a text.
    fn at(text: &str, part: &str) -> Place {
        let start = text.find(part).unwrap();
        crate::node::place(SourceId(0), start, start + part.len())
    }

    fn replace(text: &str, part: &str, value: Written) -> String {
        apply(text, &[Edit::Replace { place: at(text, part), value }]).unwrap()
    }

    fn value(text: &str) -> Written {
        Written::Value(text.to_owned())
    }

    fn list(items: &[&str]) -> Written {
        Written::List(items.iter().map(|item| (*item).to_owned()).collect())
    }

    #[test]
    fn a_value_keeps_its_quotes_its_anchor_and_its_comment() {
        assert_eq!(replace("a: 1   # one\nb: 2\n", "1", value("3")), "a: 3   # one\nb: 2\n");
        assert_eq!(replace("a: '1'\n", "'1'", value("it's")), "a: 'it''s'\n");
        assert_eq!(replace("a: \"1\"\n", "\"1\"", value("3")), "a: \"3\"\n");
        assert_eq!(replace("a: &x 1\nb: *x\n", "&x 1", value("3")), "a: &x 3\nb: *x\n");
        assert_eq!(
            replace("{\"a\": 1, \"b\": \"x\"}", "\"x\"", list(&["y", "z"])),
            "{\"a\": 1, \"b\": [\"y\", \"z\"]}"
        );
    }

    #[test]
    fn a_value_that_would_mean_something_else_is_quoted() {
        for text in ["null", "a: b", "x #y", "fd00::", "[", "- a", "", " a", "*x", "a\"b", "# c", "é: "] {
            let changed = replace("a: [1, 2]\n", "1", value(text));
            let root = parse(&changed, SourceId(0), &Bounds::default()).unwrap();
            assert_eq!(root.get("a").unwrap().items()[0].text(), Some(text), "{changed}");
        }
        assert_eq!(replace("a: [1, 2]\n", "1", value("2001:4898::/126")), "a: [2001:4898::/126, 2]\n");
    }

    #[test]
    fn a_value_becomes_a_list_in_brackets() {
        let changed = replace("subnets: 10.0.0.0/28   # both\n", "10.0.0.0/28", list(&["10.0.0.0/30", "10.0.0.4/30"]));
        assert_eq!(changed, "subnets: [10.0.0.0/30, 10.0.0.4/30]   # both\n");
    }

    #[test]
    fn a_block_list_stays_one_and_keeps_its_comments() {
        let text = "a:\n  - x # first\n  - y\nb: 1\n";
        let whole = crate::parse(text, SourceId(0), &Bounds::default()).unwrap().get("a").unwrap().place;
        let change = |value| apply(text, &[Edit::Replace { place: whole, value }]).unwrap();
        assert_eq!(change(list(&["x", "z"])), "a:\n  - x # first\n  - z\nb: 1\n");
        assert_eq!(change(list(&["x", "y", "z"])), "a:\n  - x # first\n  - y\n  - z\nb: 1\n");
        assert_eq!(change(list(&["z"])), "a:\n  - z\nb: 1\n");
        assert_eq!(change(value("z")), "a:\n  - z\nb: 1\n");
    }

    #[test]
    fn a_key_comes_on_a_line_of_its_own_after_its_neighbour() {
        let text = "p:\n  vlan: 1   # tag\n  primary:\n    subnet: a   # left\n  asn: 2\nq: 3\n";
        let record = crate::parse(text, SourceId(0), &Bounds::default()).unwrap().get("p").unwrap().place;
        let secondary = Written::Record(vec![("subnet", value("b"))]);
        let set = |after| Edit::Set { record, key: "secondary", after, value: secondary.clone() };
        assert_eq!(
            apply(text, &[set(Some("primary"))]).unwrap(),
            "p:\n  vlan: 1   # tag\n  primary:\n    subnet: a   # left\n  secondary:\n    subnet: b\n  asn: 2\nq: 3\n"
        );
        assert_eq!(
            apply(text, &[set(None)]).unwrap(),
            "p:\n  vlan: 1   # tag\n  primary:\n    subnet: a   # left\n  asn: 2\n  secondary: { subnet: b }\nq: 3\n"
        );
    }

    #[test]
    fn a_key_comes_within_the_braces_of_its_record() {
        for (text, changed) in [
            ("p: { a: 1 }\n", "p: { a: 1, k: v }\n"),
            ("p: {}\n", "p: { k: v }\n"),
            ("x: &x 1\np: { a: *x }\n", "x: &x 1\np: { a: *x, k: v }\n"),
            ("p: { a: , b: }\n", "p: { a: , b: , k: v}\n"),
            ("{\"p\": {\"a\": \"1\"}}", "{\"p\": {\"a\": \"1\", \"k\": \"v\"}}"),
            ("p: { a: 1, k: unknown }\n", "p: { a: 1, k: v }\n"),
            ("p:\n  k:   # later\n  a: 1\n", "p:\n  k: v   # later\n  a: 1\n"),
            ("p:\n  k: ~\n", "p:\n  k: v\n"),
            ("p:\n  a: 1", "p:\n  a: 1\n  k: v"),
            ("p:\r\n  a: 1\r\nq: 2\r\n", "p:\r\n  a: 1\r\n  k: v\r\nq: 2\r\n"),
        ] {
            let record = crate::parse(text, SourceId(0), &Bounds::default()).unwrap().get("p").unwrap().place;
            let edit = Edit::Set { record, key: "k", after: None, value: value("v") };
            assert_eq!(apply(text, &[edit]).as_deref(), Ok(changed));
        }
    }

    #[test]
    fn two_mends_of_one_missing_link_write_it_once() {
        let text = "p:\n  vlan: 1\n";
        let record = crate::parse(text, SourceId(0), &Bounds::default()).unwrap().get("p").unwrap().place;
        let set = |key, text| {
            let value = Written::Record(vec![(key, value(text))]);
            Edit::Set { record, key: "secondary", after: None, value }
        };
        let changed = apply(text, &[set("subnet", "a"), set("subnet_v6", "b")]).unwrap();
        assert_eq!(changed, "p:\n  vlan: 1\n  secondary: { subnet: a, subnet_v6: b }\n");
    }

    #[test]
    fn edits_that_do_not_fit_are_refused() {
        let text = "a: [x, y]\n";
        let whole = Edit::Replace { place: at(text, "[x, y]"), value: value("z") };
        let part = Edit::Replace { place: at(text, "x"), value: value("z") };
        assert_eq!(apply(text, &[whole, part]), Err(EditError::Overlap(4)));
        let longer = Edit::Replace { place: at(text, "[x, y]"), value: list(&["x", "y", "z"]) };
        assert_eq!(apply(text, &[longer.clone(), longer]), Err(EditError::Overlap(3)));
        let beside = at(text, "x, y");
        let edit = Edit::Replace { place: beside, value: value("z") };
        assert_eq!(apply(text, &[edit]), Err(EditError::NothingThere(beside)));
        let root = crate::parse(text, SourceId(0), &Bounds::default()).unwrap().place;
        let edit = Edit::Set { record: root, key: "a", after: None, value: value("z") };
        assert_eq!(apply(text, &[edit]), Err(EditError::KeyInUse("a")));
    }
}
