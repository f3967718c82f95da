//! A process of the service that can be killed and started again, at the same address.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

/// A replica of the service.
#[derive(Debug)]
pub(crate) struct Replica {
    data: PathBuf,
    database: String,
    /// What all replicas say their address is.
    base: String,
    /// Where this one is.
    pub(crate) address: String,
    child: Option<Child>,
    /// Lines of its log that must not be there.
    wrong: Arc<Mutex<Vec<String>>>,
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that is free now. Service and clients have to know it across restarts.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Replica {
    /// One that is not started yet. `base` is the first replica's address, if this is another.
    pub(crate) fn new(data: &Path, database: &str, base: Option<&str>) -> Self {
        let address = format!("https://127.0.0.1:{}", port());
        let base = base.map_or_else(|| address.clone(), str::to_owned);
        Self { data: data.to_owned(), database: database.to_owned(), base, address, child: None, wrong: Arc::default() }
    }

    /// Starts it; what comes from the receiver is that it is ready, the end of it that it is not any more.
    pub(crate) fn begin(&mut self) -> Receiver<()> {
        let listen = self.address.trim_start_matches("https://");
        let mut child = Command::new(env!("CARGO_BIN_EXE_twinpath"))
            .args(["serve", "--json", "--no-edges", "--listen", listen, "--base", &self.base])
            .args(["--database", &self.database, "--data"])
            .arg(&self.data)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, ready) = channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = self.data.with_extension("log");
        let mut log = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let wrong = self.wrong.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                _ = writeln!(log, "{line}");
                if line.contains("\"ready\"") {
                    _ = tell.send(());
                }
                if ["panic", "undoing refused", "of an unknown kind"].iter().any(|word| line.contains(word)) {
                    wrong.lock().unwrap().push(line);
                }
            }
        });
        self.child = Some(child);
        ready
    }

    /// Starts it and waits until it is ready; again, if the store is not there.
    pub(crate) fn start(&mut self) {
        for _ in 0..100 {
            if self.begin().recv().is_ok() {
                return;
            }
            self.kill();
        }
        panic!("{} does not start, see {}", self.address, self.data.with_extension("log").display());
    }

    /// Ends it as the kernel does when memory is short.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// What its log must not say.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }
}
