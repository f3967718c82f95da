//! What died is started again.
//!
//! Somebody looks after every router of a real network: a supervisor on the machine, an operator. In a lab it is a
//! process of this program beside the routers, which the lab's first process starts, and starts again when it dies
//! itself. It looks at what came up; what a drill holds dead stays dead until that lets it go.

use crate::state::{State, home};
use crate::{Error, wait};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often it looks.
const LOOK: Duration = Duration::from_millis(200);

/// How long a program that dies as soon as it is started is left alone at most.
const LONGEST: Duration = Duration::from_secs(10);

/// What it remembers of a program that it started.
struct Again {
    at: Instant,
    /// How long the program is left alone if it dies early.
    pause: Duration,
}

/// Looks after the programs of a lab until the lab ends, and tells what it does.
///
/// # Errors
///
/// This user has no labs.
pub fn keep(name: &str, tell: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let folder = home()?.join(name);
    let mut again: BTreeMap<String, Again> = BTreeMap::new();
    loop {
        std::thread::sleep(LOOK);
        // A lab that is being built has somebody who looks after it.
        let Some(state) = State::read(&folder).ok().flatten().filter(|state| state.up) else { continue };
        for (process, program) in state.in_order() {
            if program.is_held() || program.running().is_some() {
                continue;
            }
            let now = wait::now();
            let before = again.get(process);
            let pause = match before {
                Some(last) if now < last.at + last.pause => continue,
                Some(last) if now < last.at + LONGEST => (last.pause * 2).min(LONGEST),
                _ => LOOK,
            };
            again.insert(process.clone(), Again { at: now, pause });
            match program.start() {
                Ok(()) => tell(&format!("{process} had died and is started again")),
                Err(error) => tell(&format!("{process} died and does not start again: {error}")),
            }
        }
    }
}
