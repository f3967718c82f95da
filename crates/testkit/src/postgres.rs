//! A PostgreSQL of a test's own.
//!
//! [`Postgres::start`] makes a cluster in a folder of its own and starts Debian's server on it, reachable by a socket
//! in that folder and by nothing else. A server refuses to run as root, so root's runs as `postgres` or `nobody`. It
//! ends with the value.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Who is let in where TLS is spoken: everybody by the socket, and over the network whoever speaks it.
const HOSTS: &str = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";

/// A cluster with a server that runs.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    /// Who runs it, when that is not who we are.
    user: Option<u32>,
    folder: TempDir,
    /// Its port on loopback, when it has one; else it is reached by its socket alone.
    port: Option<u16>,
}

impl Postgres {
    /// Makes a cluster and starts its server.
    ///
    /// # Errors
    ///
    /// PostgreSQL is not installed (Debian's package `postgresql`), or does not start.
    pub fn start() -> io::Result<Self> {
        let cluster = Self::made()?;
        cluster.restart()?;
        Ok(cluster)
    }

    /// Makes a cluster whose server is at a port of loopback too, where it speaks TLS alone, with a certificate and its key
    /// in PEM. [`Postgres::port`] says which.
    ///
    /// # Errors
    ///
    /// As those of [`Postgres::start`].
    pub fn secured(certificate: &str, key: &str) -> io::Result<Self> {
        let mut cluster = Self::made()?;
        for (name, text) in [("server.crt", certificate), ("server.key", key), ("data/pg_hba.conf", HOSTS)] {
            let path = cluster.folder.path().join(name);
            std::fs::write(&path, text)?;
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            std::os::unix::fs::chown(&path, cluster.user, None)?;
        }
        cluster.port = Some(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
        cluster.restart()?;
        Ok(cluster)
    }

    /// Its port on loopback, when it has one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Makes a cluster.
    fn made() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("pg-").tempdir()?;
        let us = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(folder.path())?);
        let user = (us == 0).then(unprivileged);
        std::os::unix::fs::chown(folder.path(), user, None)?;
        let cluster = Self { programs: programs()?, user, folder, port: None };
        // The order of texts of a language, so that tests see whether anything rests on it.
        cluster.run(
            "initdb",
            &["--username=twinpath", "--auth=trust", "--encoding=UTF8", "--no-sync"],
            &["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"],
        )?;
        Ok(cluster)
    }

    /// Starts the server, after killing the one that runs, if one does.
    ///
    /// # Errors
    ///
    /// It does not start; the error holds its log.
    pub fn restart(&self) -> io::Result<()> {
        self.kill();
        let folder = self.folder.path().display();
        let options = match self.port {
            None => format!("-c listen_addresses= -c unix_socket_directories={folder}"),
            Some(port) => format!(
                "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c ssl=on \
                 -c ssl_cert_file={folder}/server.crt -c ssl_key_file={folder}/server.key"
            ),
        };
        let log = self.folder.path().join("log");
        self.run("pg_ctl", &["start", "--wait", "--silent"], &["--log", text(&log), "--options", &options]).map_err(
            |error| {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                io::Error::other(format!("{error}: {log}"))
            },
        )
    }

    /// Ends the server as a power cut would.
    pub fn kill(&self) {
        // There may be none.
        _ = self.run("pg_ctl", &["stop", "--wait", "--silent", "--mode=immediate"], &[]);
    }

    /// The address of a fresh database.
    ///
    /// # Errors
    ///
    /// It cannot be made, or is there already.
    pub fn database(&self, name: &str) -> io::Result<String> {
        let folder = text(self.folder.path());
        let port = self.port.unwrap_or(5432);
        let made = Command::new(self.programs.join("createdb"))
            .args(["--host", folder, "--port", &port.to_string(), "--username=twinpath", name])
            .output()?;
        check("createdb", &made)?;
        Ok(format!("postgres://twinpath@localhost:{port}/{name}?host={folder}"))
    }

    /// Waits until the server has carried out what a client that was killed had sent to it. The client is known by the
    /// `application_name` of its address.
    ///
    /// # Errors
    ///
    /// The server cannot be asked.
    pub fn forget(&self, application: &str) -> io::Result<()> {
        let question = format!("select count(*) from pg_stat_activity where application_name = '{application}'");
        loop {
            let seen = Command::new(self.programs.join("psql"))
                .args(["--host", text(self.folder.path()), "--username=twinpath", "--no-psqlrc", "--tuples-only"])
                .args(["--dbname=postgres", "--command", &question])
                .output()?;
            check("psql", &seen)?;
            if String::from_utf8_lossy(&seen.stdout).trim() == "0" {
                return Ok(());
            }
        }
    }

    fn run(&self, program: &str, args: &[&str], more: &[&str]) -> io::Result<()> {
        let mut command = Command::new(self.programs.join(program));
        command.args(args).arg("--pgdata").arg(self.folder.path().join("data")).args(more);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        // A server that is started keeps its standard output, so it gets none that anyone reads to the end.
        let complaints = tempfile::NamedTempFile::new()?;
        let status = command.stdout(Stdio::null()).stderr(complaints.reopen()?).status()?;
        if status.success() {
            return Ok(());
        }
        let complaints = std::fs::read_to_string(complaints.path()).unwrap_or_default();
        Err(io::Error::other(format!("{program} ended with {status}: {complaints}")))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The folder of the newest PostgreSQL that is installed.
fn programs() -> io::Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        if let Ok(version) = entry.file_name().to_string_lossy().parse() {
            found.push((version, entry.path().join("bin")));
        }
    }
    let newest = found.into_iter().filter(|(_, bin)| bin.join("initdb").exists()).max();
    newest.map(|(_, bin)| bin).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "no /usr/lib/postgresql/*/bin/initdb; install the package postgresql")
    })
}

/// The number of `postgres`, or of `nobody`.
fn unprivileged() -> u32 {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| line.strip_prefix("postgres:"));
    named.and_then(|line| line.split(':').nth(1)).and_then(|id| id.parse().ok()).unwrap_or(65534)
}

fn check(program: &str, output: &std::process::Output) -> io::Result<()> {
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{program} failed: {}", String::from_utf8_lossy(&output.stderr))))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}
