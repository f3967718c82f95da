//! So much of HTTP as a scrape needs: one request a connection, and an answer that ends with it.

use super::collect::collect;
use crate::process::{Core, Slots};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// How many scrapes are served at a time.
const MOST_SCRAPES: usize = 4;

/// The longest head of a request in bytes.
const LONGEST_HEAD: u64 = 16 << 10;

/// How long a client may take to ask, or to read a part of the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the port and starts the thread that serves it; where it is. The thread ends with the process.
///
/// # Errors
///
/// The address is taken.
pub(crate) fn serve(core: Arc<Core>, address: SocketAddr) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let slots = Slots::new(MOST_SCRAPES);
    std::thread::Builder::new().name("metrics".into()).spawn(move || {
        for stream in listener.incoming() {
            match (stream, slots.take()) {
                (Ok(stream), Some(slot)) => {
                    let core = core.clone();
                    let answer = move || {
                        // A client that leaves early needs no answer.
                        let _ = answer(&stream, &core);
                        drop(slot);
                    };
                    // Without a thread the connection is dropped, and the client comes again.
                    let _ = std::thread::Builder::new().name("scrape".into()).spawn(answer);
                }
                (Ok(_), None) => {}
                (Err(_), _) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    })?;
    Ok(address)
}

fn answer(stream: &TcpStream, core: &Core) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut head = BufReader::new(stream).take(LONGEST_HEAD);
    let mut request = String::new();
    head.read_line(&mut request)?;
    let mut line = String::new();
    while head.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut out = BufWriter::new(stream);
    let mut words = request.split_ascii_whitespace();
    let status = match (words.next(), words.next()) {
        (Some("GET" | "HEAD"), Some("/metrics")) => "200 OK",
        (Some("GET" | "HEAD"), _) => "404 Not Found",
        _ => "405 Method Not Allowed",
    };
    write!(out, "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n\r\n")?;
    if status == "200 OK" && request.starts_with("GET") {
        collect(core, &mut out)?;
    }
    out.flush()
}
