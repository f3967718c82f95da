//! What a person sees while a lab comes up: a line for each stage, which moves on a terminal and stands still after; or
//! one JSON object an event.

use lab::up::{Stage, Watch};
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Where the text of a line begins, and where its time stands.
const INDENT: usize = 11;
const WIDTH: usize = 86;

/// The page.
pub(crate) struct Page {
    json: bool,
    moves: bool,
    stage: &'static str,
}

impl Page {
    /// A page on standard output.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, moves: !json && std::io::stdout().is_terminal(), stage: "" }
    }

    /// A line that stays.
    pub(crate) fn line(&mut self, word: &str, text: &str, took: Option<Duration>) {
        let time = took.map_or_else(String::new, |took| format!("{:.1} s", took.as_secs_f64()));
        self.erase();
        let dim = anstyle::Style::new().dimmed();
        let _ = writeln!(
            anstream::stdout(),
            "  {dim}{word:<width$}{dim:#}{text:<rest$} {time:>8}",
            width = INDENT,
            rest = WIDTH - INDENT
        );
    }

    /// An event for programs, told only to them.
    pub(crate) fn event(&self, event: &Value) {
        if self.json {
            let _ = writeln!(anstream::stdout(), "{event}");
        }
    }

    /// Plain text for people, told only to them.
    pub(crate) fn text(&mut self, text: &str) {
        if !self.json {
            self.erase();
            let _ = writeln!(anstream::stdout(), "{text}");
        }
    }

    /// Whether programs read it.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    fn erase(&self) {
        if self.moves {
            let _ = write!(anstream::stdout(), "\r\x1b[K");
        }
    }
}

impl Watch for Page {
    fn begin(&mut self, stage: Stage) {
        self.stage = stage.word();
        self.event(&json!({ "event": "began", "stage": self.stage }));
    }

    fn doing(&mut self, what: &str) {
        if self.moves {
            self.erase();
            let what: String = what.chars().take(WIDTH - INDENT).collect();
            let mut out = anstream::stdout();
            let _ = write!(out, "  {:<width$}{what} …", self.stage, width = INDENT);
            let _ = out.flush();
        }
    }

    fn done(&mut self, stage: Stage, what: &str, took: Duration) {
        self.event(&json!({ "event": "done", "stage": stage.word(), "what": what, "seconds": took.as_secs_f64() }));
        if !self.json {
            self.line(stage.word(), what, Some(took));
        }
    }
}
