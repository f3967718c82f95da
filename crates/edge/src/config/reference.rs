//! The reference page of the configuration file, made from the tables themselves.

use super::{Absent, SECTIONS};
use std::fmt::Write;

/// The page, as Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# The configuration of an edge\n\n\
         TOML, given to `twinpath edge --config FILE`; `--check` only checks it. Keys that are not in these tables are\n\
         refused. SIGHUP or `twinpath edge reload` reads the file again and touches only what changed; a file with an\n\
         error changes nothing. `examples/edge.toml` is a whole one.\n",
    );
    for section in SECTIONS {
        let heading = match section.heading {
            "" => "The file itself".to_owned(),
            heading => format!("`{heading}`"),
        };
        let _ = write!(page, "\n## {heading}\n\n{}\n\n", words(section.doc));
        let _ = writeln!(page, "| key | value | when left out | meaning |\n| --- | --- | --- | --- |");
        for key in section.keys {
            let absent = match key.absent {
                Absent::Required => "refused".to_owned(),
                Absent::Optional => "–".to_owned(),
                Absent::Default("[]") => "none".to_owned(),
                Absent::Default(value) => format!("`{}`", value.replace('\'', "\"")),
            };
            let expected = (key.expected)().replace('|', "\\|");
            let _ = writeln!(page, "| `{}` | {expected} | {absent} | {} |", key.name, words(key.doc));
        }
    }
    page
}

fn words(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
