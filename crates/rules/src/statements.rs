//! Statements: what the five seed documents say, sentence by sentence, and the rules that came of it.
//!
//! The prerequisites page of 2015, 2017 (two editions) and 2025 and the page on Microsoft 365 were read line by
//! line. Each thing that they ask for, forbid, recommend or state is a row of `data/statements.csv`, told in our
//! own words, with its line in the document and the rules that it traces to. Headings, pictures and what the
//! files say of themselves have no row. The table and the rules' own sources say the same from two ends; a test
//! compares them.

use crate::Rule;
use crate::source::{DOCS, Doc};
use std::sync::OnceLock;

/// One thing that a seed document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its id, `2015-S07`: the edition and a running number.
    pub id: String,
    /// The document.
    pub doc: &'static Doc,
    /// The line of the document, from 1.
    pub line: u32,
    /// What it says, in our words.
    pub gist: String,
    /// The ids of the rules that it traces to, never none.
    pub rules: Vec<String>,
}

/// Every statement, document by document, in the order of its lines.
///
/// # Panics
/// Never in a tested build: the compiled-in table parses, a test says so.
pub fn statements() -> &'static [Statement] {
    static STATEMENTS: OnceLock<Vec<Statement>> = OnceLock::new();
    #[expect(clippy::expect_used, reason = "the test `the_table_parses` holds it")]
    STATEMENTS.get_or_init(|| parse(include_str!("../data/statements.csv")).expect("the compiled-in table parses"))
}

impl Rule {
    /// The statements that it comes from; none for a rule that extends the seed documents.
    pub fn statements(&self) -> impl Iterator<Item = &'static Statement> + use<> {
        let id = self.id;
        statements().iter().filter(move |statement| statement.rules.iter().any(|rule| rule == id))
    }
}

/// Reads the table; the error names the row, from 1.
fn parse(text: &str) -> Result<Vec<Statement>, String> {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let parsed = rows.records().enumerate().map(|(index, row)| {
        let wrong = |what: String| format!("statements.csv, row {}: {what}", index + 1);
        let row = row.map_err(|error| wrong(error.to_string()))?;
        let [id, label, line, gist, rules] = row.iter().collect::<Vec<_>>()[..] else {
            return Err(wrong(format!("{} columns, not 5", row.len())));
        };
        Ok(Statement {
            id: id.to_owned(),
            doc: DOCS.iter().copied().find(|doc| doc.label == label).ok_or(wrong(format!("no document `{label}`")))?,
            line: line.parse().map_err(|_| wrong(format!("`{line}` is no line")))?,
            gist: gist.to_owned(),
            rules: rules.split_whitespace().map(str::to_owned).collect(),
        })
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_parses() {
        assert_eq!(parse(include_str!("../data/statements.csv")).map(|rows| rows.len()), Ok(203));
    }

    #[test]
    fn a_wrong_row_says_where() {
        let error = parse("id,doc,line,gist,rules\nx,SEED-2015,1,it is so,ACC-001\ny,SEED-1999,1,,\n").unwrap_err();
        assert_eq!(error, "statements.csv, row 2: no document `SEED-1999`");
    }

    #[test]
    fn a_rule_knows_the_statements_that_it_comes_from() {
        let rule = crate::find("ACC-001").unwrap();
        assert!(rule.statements().any(|statement| statement.doc.label == "SEED-2015" && statement.line == 25));
        assert_eq!(crate::find("M365-028").unwrap().statements().count(), 0);
    }
}
