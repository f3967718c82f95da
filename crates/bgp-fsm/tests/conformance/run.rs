//! Plays the lines of a case.

use crate::{draw, read, show};
use bgp_fsm::{Config, Event, State, Time, step};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A case while it is played.
pub(crate) struct Run {
    config: Config,
    state: State,
    /// State before and kind of each event.
    pub(crate) met: BTreeSet<(String, String)>,
    /// The lines of the drawing.
    pub(crate) lines: Vec<String>,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self { config: read::usual_config(), state: State::new(1), met: BTreeSet::new(), lines: Vec::new() }
    }

    /// Plays a line of the input and gives the line of the output.
    ///
    /// `{"config": {…}}` changes the configuration, `{"given": "OpenSent"}` plays what leads there unseen, all else is
    /// an event.
    pub(crate) fn line(&mut self, line: &str) -> String {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        if let Some(config) = value.get("config") {
            read::change_config(&mut self.config, config);
            return String::new();
        }
        if let Some(given) = value.get("given") {
            let conn = value.get("conn").map_or(1, |conn| conn.as_u64().expect("a number") as u32);
            for (at, event) in read::given(given.as_str().expect("a state"), conn, &value) {
                self.step(event, at);
            }
            assert_eq!(Some(self.state.name().to_string().as_str()), given.as_str(), "what leads there");
            self.lines.push(draw::state(&self.state.name().to_string()));
            return String::new();
        }
        let at = read::time(&value);
        let event = read::event(&value);
        let before = self.state.name().to_string();
        self.met.extend(read::kinds(&event).into_iter().map(|kind| (before.clone(), kind.to_owned())));
        self.lines.extend(draw::event(&event, at));
        let actions = self.step(event, at);
        self.lines.extend(actions.iter().map(draw::action));
        let after = self.state.name().to_string();
        if after != before {
            self.lines.push(draw::state(&after));
        }
        let deadline = self.state.deadline().map(|due| due.0 as f64 / 1000.0);
        let actions: Vec<String> = actions.iter().map(show::action).collect();
        format!("{}\n", json!({ "state": show::state(&self.state), "deadline": deadline, "actions": actions }))
    }

    fn step(&mut self, event: Event, at: Time) -> Vec<bgp_fsm::Action> {
        let state = std::mem::replace(&mut self.state, State::new(0));
        let (state, actions) = step(&self.config, state, event, at);
        self.state = state;
        actions
    }
}
