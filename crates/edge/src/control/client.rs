//! The client of the control socket.

use super::{Line, Request};
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, BufReader, Write};
use std::marker::PhantomData;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long an edge may take for the next line.
const PATIENCE: Duration = Duration::from_secs(120);

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No edge answers there.
    #[error("{}: no edge answers there", .path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The connection broke.
    #[error("the edge went away")]
    Broken(#[source] io::Error),
    /// The edge is of another version.
    #[error("the edge answered `{0}`, which this program does not understand")]
    Unknown(String),
    /// The edge refuses.
    #[error("{0}")]
    Refused(String),
}

/// The rows of an answer, as they come.
#[derive(Debug)]
pub struct Answer<R> {
    lines: BufReader<UnixStream>,
    /// What the edge said at the end.
    end: Option<String>,
    row: PhantomData<R>,
}

/// Asks the edge behind a socket.
///
/// # Errors
///
/// No edge is there, or the connection breaks at once.
pub fn ask<R: DeserializeOwned>(socket: &Path, request: &Request) -> Result<Answer<R>, AskError> {
    let unreachable = |cause| AskError::Unreachable { path: socket.to_owned(), cause };
    let mut stream = UnixStream::connect(socket).map_err(unreachable)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(unreachable)?;
    let mut line = serde_json::to_string(request).map_err(|error| AskError::Unknown(error.to_string()))?;
    line.push('\n');
    stream.write_all(line.as_bytes()).map_err(AskError::Broken)?;
    Ok(Answer { lines: BufReader::new(stream), end: None, row: PhantomData })
}

impl<R: DeserializeOwned> Answer<R> {
    /// What the edge said at the end, once all rows have been taken.
    pub fn end(&self) -> Option<&str> {
        self.end.as_deref()
    }

    fn line(&mut self) -> Result<Option<R>, AskError> {
        let mut text = String::new();
        if self.lines.read_line(&mut text).map_err(AskError::Broken)? == 0 {
            return Err(AskError::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
        match serde_json::from_str(&text) {
            Ok(Line::Row(row)) => match serde_json::from_value(row) {
                Ok(row) => Ok(Some(row)),
                Err(_) => Err(AskError::Unknown(text.trim().to_owned())),
            },
            Ok(Line::End(end)) => {
                self.end = Some(end);
                Ok(None)
            }
            Ok(Line::Error(error)) => Err(AskError::Refused(error)),
            Err(_) => Err(AskError::Unknown(text.trim().to_owned())),
        }
    }
}

impl<R: DeserializeOwned> Iterator for Answer<R> {
    type Item = Result<R, AskError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.end.is_some() {
            return None;
        }
        let line = self.line();
        if line.is_err() {
            self.end = Some(String::new());
        }
        line.transpose()
    }
}
