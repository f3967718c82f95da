//! The server of the control socket: a thread that waits for clients, and one for each of a few of them.

use super::answer::{AnswerError, answer};
use super::{LONGEST_REQUEST, Line, Request};
use crate::process::{Core, Slots};
use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How many clients are served at a time.
const MOST_CLIENTS: usize = 16;

/// How long a client may take to send its request, or to read a part of the answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens the socket and starts the thread that serves it. The thread ends with the process.
///
/// # Errors
///
/// Another edge serves there, or the file cannot be made.
pub(crate) fn serve(core: Arc<Core>, path: &Path) -> io::Result<()> {
    let listener = open(path)?;
    std::thread::Builder::new().name("control".into()).spawn(move || {
        let slots = Slots::new(MOST_CLIENTS);
        for stream in listener.incoming() {
            match stream {
                Ok(stream) => welcome(stream, &core, &slots),
                // Out of file descriptors, most likely; later there may be some.
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    })?;
    Ok(())
}

fn open(path: &Path) -> io::Result<UnixListener> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if is_socket {
        if UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another edge serves this socket"));
        }
        // Left over from a process that ended without tidying up.
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

fn welcome(stream: UnixStream, core: &Arc<Core>, slots: &Slots) {
    // Without a limit a client that does not read would hold the thread for ever.
    if stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE))).is_err() {
        return;
    }
    let Some(slot) = slots.take() else {
        let _ = say(&mut &stream, &Line::Error(format!("busy: {MOST_CLIENTS} clients are being served")));
        return;
    };
    let core = core.clone();
    let spawned = std::thread::Builder::new().name("client".into()).spawn(move || {
        // A client that leaves early needs no answer.
        let _ = converse(&stream, &core);
        drop(slot);
    });
    drop(spawned);
}

/// Answers requests until the client leaves.
fn converse(stream: &UnixStream, core: &Core) -> io::Result<()> {
    let mut requests = BufReader::new(stream);
    let mut out = BufWriter::new(stream);
    loop {
        let mut line = String::new();
        let read = requests.by_ref().take(LONGEST_REQUEST as u64 + 1).read_line(&mut line)?;
        if read == 0 {
            return Ok(());
        }
        if read > LONGEST_REQUEST {
            say(&mut out, &Line::Error(format!("a request of more than {LONGEST_REQUEST} bytes")))?;
            return out.flush();
        }
        let (last, end) = match serde_json::from_str::<Request>(&line) {
            Ok(request) => {
                let mut row = |row| say(&mut out, &Line::Row(row));
                match answer(core, request, &mut row) {
                    Ok(done) => (Line::End(done.says), done.end),
                    Err(AnswerError::Gone(error)) => return Err(error),
                    Err(AnswerError::Refused(why)) => (Line::Error(why), None),
                }
            }
            Err(error) => (Line::Error(format!("no request: {error}")), None),
        };
        let said = say(&mut out, &last).and_then(|()| out.flush());
        // Said first, since nothing is said after it.
        if let Some(end) = end {
            core.go(end);
        }
        said?;
    }
}

fn say(out: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
