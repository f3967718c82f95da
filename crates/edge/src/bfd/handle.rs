//! The way to the thread.

use super::engine::Engine;
use super::notice::Listener;
use super::thread::Thread;
use super::{Command, Notice, Snapshot, Wake};
use bfd::iana;
use mio::{Poll, Token, Waker};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Commands that may wait.
const COMMANDS: usize = 1024;

/// Notices to one worker that may wait.
const NOTICES: usize = 1024;

/// How long a snapshot is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the thread shall run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The UDP port to which packets come and go.
    pub port: u16,
    /// The IPv4 and the IPv6 address to receive at outside namespaces, for a machine on which another daemon receives
    /// at the others.
    pub listen: [IpAddr; 2],
}

impl Default for Options {
    fn default() -> Self {
        Self { port: iana::CONTROL_PORT, listen: [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()] }
    }
}

/// The thread, to command. A clone commands the same one; it ends when the last is dropped, as after [`Command::Stop`].
#[derive(Debug, Clone)]
pub struct Liveness {
    commands: SyncSender<Command>,
    waker: Arc<Waker>,
}

/// The thread has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bfd thread has ended")]
pub struct Gone;

/// Starts the thread. Each worker is woken by its `Wake` when there are notices in its receiver.
///
/// # Errors
///
/// The machine has no room for one more thread or its files.
pub fn start(options: Options, workers: Vec<Wake>) -> io::Result<(Liveness, Vec<Receiver<Notice>>, JoinHandle<()>)> {
    let poll = Poll::new()?;
    let registry = poll.registry().try_clone()?;
    let waker = Arc::new(Waker::new(poll.registry(), Token(0))?);
    let (sender, commands) = sync_channel(COMMANDS);
    let (listeners, receivers) = workers.into_iter().map(|wake| Listener::new(NOTICES, wake)).unzip();
    let engine = Engine::new(options, registry, listeners);
    let thread = Thread::new(engine, poll, commands, Instant::now());
    let thread = std::thread::Builder::new().name("bfd".into()).spawn(|| thread.run())?;
    Ok((Liveness { commands: sender, waker }, receivers, thread))
}

impl Liveness {
    /// Hands a command over. Waits while 1,024 others wait, which the thread's priority keeps short.
    ///
    /// # Errors
    ///
    /// The thread has ended.
    pub fn tell(&self, command: Command) -> Result<(), Gone> {
        self.commands.send(command).map_err(|_| Gone)?;
        // Without it the command is taken when the thread next wakes, a second from now at the latest.
        let _ = self.waker.wake();
        Ok(())
    }

    /// How all sessions stand.
    ///
    /// # Errors
    ///
    /// The thread has ended, or did not answer within 5 seconds.
    pub fn snapshot(&self) -> Result<Snapshot, Gone> {
        let (sender, receiver) = sync_channel(1);
        self.tell(Command::Show(sender))?;
        receiver.recv_timeout(PATIENCE).map_err(|_| Gone)
    }
}

impl Drop for Liveness {
    fn drop(&mut self) {
        // The thread looks whether it was the last one.
        let _ = self.waker.wake();
    }
}
