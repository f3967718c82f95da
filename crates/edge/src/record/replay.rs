//! Plays a recording into a fresh speaker and tells what comes out: the same on each run.

use super::event::{Event, Line};
use super::{from_hex, to_hex};
use crate::process::{Executor, Replayer};
use bgp_fsm::{Conn, Time};
use bgp_speaker::{Effect, Peer, Speaker};
use catalog::Catalog;
use serde_json::{Value as Json, json};
use std::io::{BufRead, Write};

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read, or the output not be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It is no line of a recording.
    #[error("line {line}: {what}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The file is a later part of a recording.
    #[error("the recording does not begin with the start of a process; older parts of it go before")]
    NoStart,
}

/// Plays a recording; every output is a line of JSON.
///
/// # Errors
///
/// [`ReplayError`]; what came before is played.
pub fn replay(recording: impl BufRead, catalog: &Catalog, out: &mut impl Write) -> Result<(), ReplayError> {
    let mut player: Option<Player<'_>> = None;
    for (index, text) in recording.lines().enumerate() {
        let fault = |what: String| ReplayError::Line { line: index + 1, what };
        let Line { at, event } = serde_json::from_str(&text?).map_err(|error| fault(error.to_string()))?;
        let now = Time(at);
        if let Event::Start { seed, monitored, .. } = event {
            let mut speaker = Speaker::new(seed);
            speaker.monitor(monitored);
            player = Some(Player { speaker, executor: Executor::default(), replayer: Replayer::new(catalog) });
            continue;
        }
        let player = player.as_mut().ok_or(ReplayError::NoStart)?;
        let told = player.play(event, now).map_err(fault)?;
        for line in told.into_iter().chain(player.effects()) {
            writeln!(out, "{}", json!({ "at": at, "out": line }))?;
        }
    }
    match player {
        Some(_) => Ok(()),
        None => Err(ReplayError::NoStart),
    }
}

struct Player<'c> {
    speaker: Speaker,
    executor: Executor,
    replayer: Replayer<'c>,
}

impl Player<'_> {
    /// Does what an event says; what is written to a connection by it.
    fn play(&mut self, event: Event, now: Time) -> Result<Option<Json>, String> {
        let speaker = &mut self.speaker;
        match event {
            Event::Start { .. } | Event::Switched { .. } => {}
            Event::Config(text) => self.replayer.config(text)?,
            Event::Command(recorded) => {
                let command = self.replayer.command(recorded)?;
                self.executor.run(command, speaker, now);
            }
            Event::Accepted { peer } => _ = speaker.accepted(Peer(peer), now),
            Event::Connected { conn } => speaker.connected(Conn(conn), now),
            Event::Failed { conn } => speaker.failed(Conn(conn), now),
            Event::Closed { conn } => speaker.closed(Conn(conn), now),
            Event::Received { conn, bytes } => {
                let bytes = from_hex(&bytes).ok_or("bytes that are no hexadecimal digits")?;
                speaker.received(Conn(conn), &bytes, now);
            }
            Event::Fill { conn, budget } => {
                let mut bytes = Vec::new();
                speaker.fill(Conn(conn), &mut bytes, budget, now);
                if !bytes.is_empty() {
                    return Ok(Some(json!({ "sent": { "conn": conn, "bytes": to_hex(&bytes) } })));
                }
            }
            Event::Blocked { conn } => speaker.blocked(Conn(conn), now),
            Event::Progress { conn } => speaker.progress(Conn(conn), now),
            Event::Tick => speaker.tick(now),
        }
        Ok(None)
    }

    /// What the speaker wants done outside.
    fn effects(&mut self) -> Vec<Json> {
        let (mut effects, mut ready) = (Vec::new(), Vec::new());
        self.speaker.drain_effects(&mut effects);
        self.speaker.drain_ready(&mut ready);
        effects.into_iter().map(told).collect()
    }
}

fn told(effect: Effect) -> Json {
    match effect {
        Effect::Connect { peer, conn } => json!({ "connect": { "peer": peer.0, "conn": conn.0 } }),
        Effect::Close { conn, last } => json!({ "close": { "conn": conn.0, "bytes": to_hex(&last) } }),
        Effect::Notice(notice) => json!({ "notice": format!("{notice:?}") }),
    }
}
