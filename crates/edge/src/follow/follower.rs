//! The thread that asks what shall run.

use super::answers;
use super::back_off::BackOff;
use super::book::{Book, TakenUp};
use super::client::{Away, Client};
use super::disk::Disk;
use crate::process::Handle;
use edge_api::Intents;
use std::sync::{Arc, Mutex, PoisonError};

/// Asks for intents, takes them up, answers questions, for ever.
#[derive(Debug)]
pub(super) struct Follower {
    handle: Handle,
    book: Arc<Mutex<Book>>,
    client: Arc<Client>,
    disk: Disk,
}

impl Follower {
    pub(super) fn new(handle: Handle, book: Arc<Mutex<Book>>, client: Arc<Client>, disk: Disk) -> Self {
        Self { handle, book, client, disk }
    }

    pub(super) fn run(self) {
        let mut back_off = BackOff::default();
        // What the disk held was the word of another day: the service is asked for everything first.
        let mut after = 0;
        loop {
            match self.turn(after) {
                Ok(revision) => {
                    after = revision;
                    if back_off.reset() {
                        tracing::info!("the service is back");
                    }
                }
                Err(away) => {
                    if !back_off.is_failing() {
                        tracing::warn!("the service is away, what runs goes on: {away}");
                    }
                    // Only what was acknowledged counts; the same is asked again.
                    std::thread::sleep(back_off.failed());
                }
            }
        }
    }

    /// Asks once, and does what the answer wants. Gives the revision to go on from.
    fn turn(&self, after: u64) -> Result<u64, Away> {
        let Intents { revision, whole, intents, removed, questions } = self.client.intents(after)?;
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let done = book.take_up(&self.handle, intents, removed, whole);
        book.revision = revision;
        self.keep(&book, &done);
        drop(book);
        tell(&done);
        for question in questions {
            let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = book.entry(&question.key).cloned();
            drop(book);
            let answer = answers::answer(self.handle.core(), entry.as_deref(), question.table);
            self.client.answer(question.id, &answer)?;
        }
        Ok(revision)
    }

    /// Writes down what changed, for a start without the service.
    fn keep(&self, book: &Book, done: &TakenUp) {
        let kept = done.kept.iter().filter_map(|key| book.entry(key));
        let written = kept.map(|entry| self.disk.keep(&entry.intent));
        let forgotten = done.forgotten.iter().map(|name| self.disk.forget(name));
        if let Some(error) = written.chain(forgotten).find_map(Result::err) {
            tracing::error!("what runs is not written down: {error}");
        }
    }
}

fn tell(done: &TakenUp) {
    for (key, why) in &done.refused {
        tracing::error!("{key} is not run: {why}");
    }
    for failed in &done.applied.failed {
        tracing::error!("{failed}");
    }
    if !done.kept.is_empty() || !done.forgotten.is_empty() {
        tracing::info!("told by the service: {}", done.applied);
    }
}
