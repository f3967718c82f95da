//! Signals: SIGHUP reads the configuration again, SIGTERM and SIGINT end the process, SIGUSR2 ends it for a restart.

use super::{End, Handle};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR2};
use signal_hook::iterator::Signals;
use std::io;

/// Starts a thread that turns signals into commands.
///
/// # Errors
///
/// A handler cannot be set, or the thread not be had.
pub fn watch_signals(handle: Handle) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGTERM, SIGINT, SIGUSR2])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGHUP => tell(&handle),
                SIGUSR2 => end(&handle, End::Restart),
                _ => end(&handle, End::Stop),
            }
        }
    })?;
    Ok(())
}

fn tell(handle: &Handle) {
    match handle.reload() {
        Ok(applied) => tracing::info!("configuration read again: {applied}"),
        Err(refused) => tracing::error!("configuration not taken up, what runs goes on:\n{refused}"),
    }
}

fn end(handle: &Handle, end: End) {
    if let Err(error) = handle.end(end) {
        tracing::error!("not restarted, what runs goes on: {error}");
    }
}
