//! What routers say while a drill runs: the lines of their logs, heard as they are written.
//!
//! A line is stamped when it is read, some milliseconds after it was written, with the clock of the probes: no daemon's
//! own time, whatever its format and zone, has to be understood.

use super::{Seen, SeenKind};
use crate::probe::Clock;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the logs are looked at.
const NAP: Duration = Duration::from_millis(4);

/// Octets of a log that are read at a time; the rest waits for the next look.
const CHUNK: usize = 64 << 10;

/// How many events are kept: what says more is a flood.
const MOST: usize = 2000;

/// Who writes a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// BIRD, told to log states and events.
    Bird,
    /// FRR.
    Frr,
    /// Our own edge.
    Edge,
}

/// A log and who writes it.
#[derive(Debug, Clone)]
pub struct Log {
    /// The node of the writer.
    pub node: String,
    /// The file.
    pub path: PathBuf,
    /// Who writes it.
    pub teller: Teller,
}

/// The thread that reads logs.
#[derive(Debug)]
pub struct Ears {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Seen>>>,
}

impl Ears {
    /// Begins to read what is written from now on. A log that cannot be read is one that says nothing.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn open(logs: Vec<Log>, clock: Clock) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let open = |log: Log| {
            let mut file = File::open(&log.path).ok()?;
            file.seek(SeekFrom::End(0)).ok()?;
            Some(Ear { log, file, rest: Vec::new() })
        };
        let ears: Vec<Ear> = logs.into_iter().filter_map(open).collect();
        let thread = std::thread::Builder::new().name("ears".into()).spawn(move || listen(ears, clock, &stopped))?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Ends it and gives what was heard, in order.
    pub fn close(mut self) -> Vec<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Ear {
    log: Log,
    file: File,
    /// The beginning of a line that is still being written.
    rest: Vec<u8>,
}

fn listen(mut ears: Vec<Ear>, clock: Clock, stop: &AtomicBool) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut buffer = vec![0; CHUNK];
    let mut is_last = false;
    while !is_last {
        is_last = stop.load(Ordering::Relaxed);
        for ear in &mut ears {
            let count = ear.file.read(&mut buffer).unwrap_or(0);
            ear.rest.extend_from_slice(buffer.get(..count).unwrap_or_default());
            while let Some(end) = ear.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = ear.rest.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                if let Some((kind, about)) = understand(ear.log.teller, line.trim())
                    && seen.len() < MOST
                {
                    seen.push(Seen { at: clock.now(), by: ear.log.node.clone(), kind, about });
                }
            }
            // No line of a log is as long as that.
            if ear.rest.len() > CHUNK {
                ear.rest.clear();
            }
        }
        std::thread::sleep(NAP);
    }
    seen
}

/// What a line tells, and about whom; nothing when it is about something else.
fn understand(teller: Teller, line: &str) -> Option<(SeenKind, String)> {
    match teller {
        Teller::Bird => bird(line),
        Teller::Frr => frr(line),
        Teller::Edge => edge(line),
    }
}

/// `2026-11-21 15:40:01.123 <TRACE> ma: BGP session closed`
fn bird(line: &str) -> Option<(SeenKind, String)> {
    let (_, said) = line.split_once("> ")?;
    let (name, what) = said.split_once(": ")?;
    if let Some(session) = what.strip_prefix("Session to ") {
        let (neighbor, change) = session.split_once(" changed state from ")?;
        let kind = match change.split_once(" to ")? {
            ("Up", _) => SeenKind::BfdDown,
            (_, "Up") => SeenKind::BfdUp,
            _ => return None,
        };
        return Some((kind, neighbor.to_owned()));
    }
    let kind = match what {
        "BGP session closed" => SeenKind::SessionDown,
        "BGP session established" => SeenKind::SessionUp,
        "Link down" => SeenKind::LinkDown,
        _ => return None,
    };
    Some((kind, name.to_owned()))
}

/// `2026/11/21 16:25:30 BGP: [M59KS-A3ZXZ] bgp_update_receive: …`, of which sessions and interfaces count.
fn frr(line: &str) -> Option<(SeenKind, String)> {
    if let Some((_, said)) = line.split_once("%ADJCHANGE: neighbor ") {
        let (neighbor, change) = said.split_once(' ')?;
        let kind = if change.contains(" Up") { SeenKind::SessionUp } else { SeenKind::SessionDown };
        return Some((kind, neighbor.split('(').next().unwrap_or(neighbor).to_owned()));
    }
    None
}

/// A line of the edge: its time and level, then what happened, with the peer.
fn edge(line: &str) -> Option<(SeenKind, String)> {
    let kinds = [
        ("session is up", SeenKind::SessionUp),
        ("session is down", SeenKind::SessionDown),
        ("bfd is up", SeenKind::BfdUp),
        ("bfd is down", SeenKind::BfdDown),
    ];
    let lower = line.to_ascii_lowercase();
    let (kind, said) = kinds.into_iter().find_map(|(words, kind)| Some((kind, lower.split_once(words)?.1)))?;
    Some((kind, said.trim_start_matches(':').trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_bird_are_understood() {
        let heard = |said: &str| bird(&format!("2026-11-21 15:33:45.337 <TRACE> {said}"));
        let told = |kind, about: &str| Some((kind, about.to_owned()));
        assert_eq!(
            heard("bfd1: Session to 10.0.1.2 changed state from Up to Down"),
            told(SeenKind::BfdDown, "10.0.1.2")
        );
        assert_eq!(heard("bfd1: Session to 10.0.1.2 changed state from Init to Up"), told(SeenKind::BfdUp, "10.0.1.2"));
        assert_eq!(heard("bfd1: Session to 10.0.1.2 changed state from Down to Init"), None);
        assert_eq!(heard("ma: BGP session closed"), told(SeenKind::SessionDown, "ma"));
        assert_eq!(heard("ma: BGP session established"), told(SeenKind::SessionUp, "ma"));
        assert_eq!(heard("ma: Link down"), told(SeenKind::LinkDown, "ma"));
        assert_eq!(heard("device1: Scanning interfaces"), None);
        assert_eq!(bird("BIRD said something else"), None);
    }

    #[test]
    fn lines_of_the_edge_are_understood() {
        let down = "2026-11-21T15:33:45Z  INFO bfd is Down (control detection time expired) peer=a/b";
        assert_eq!(edge(down).map(|(kind, _)| kind), Some(SeenKind::BfdDown));
        let up = "2026-11-21T15:33:45Z  INFO session is up peer=a/b";
        assert_eq!(edge(up), Some((SeenKind::SessionUp, "peer=a/b".to_owned())));
        assert_eq!(edge("2026-11-21T15:33:45Z  INFO the service is back"), None);
    }

    #[test]
    fn only_what_is_written_from_now_on_is_heard_and_a_line_in_two_parts_is_one() {
        use std::io::Write;
        let path = std::env::temp_dir().join(format!("twinpath-ears-{}", std::process::id()));
        std::fs::write(&path, "x <TRACE> old: BGP session closed\n").unwrap();
        let log = Log { node: "ce".to_owned(), path: path.clone(), teller: Teller::Bird };
        let ears = Ears::open(vec![log], Clock::begin()).unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"x <TRACE> new: BGP ").unwrap();
        file.write_all(b"session closed\nx <TRACE> half").unwrap();
        let heard = ears.close();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(
            (heard[0].kind, heard[0].about.as_str(), heard[0].by.as_str()),
            (SeenKind::SessionDown, "new", "ce")
        );
    }
}
