//! What ten thousand sessions cost that have nothing to say: memory a session, and CPU a second.
//!
//! Edge and generator are two processes, since each session is an open file of both. They meet on the loopback device
//! of a network namespace of their own, where all of 10.0.0.0/8 is local, so that each router has its own address.

use super::Part;
use anyhow::{Context, ensure};
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use testkit::rights;

const EDGE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PORT: u16 = 1790;
/// The hold time of both sides, ExpressRoute's own.
const HOLD: u16 = 180;

/// Measures, and writes its part of the page.
pub(crate) fn measure(sessions: u32, seconds: u64) -> anyhow::Result<()> {
    if !rights::is_inside() {
        crate::chores::run("cargo", &["build", "--release", "--locked", "--package", "cli"])?;
        let again = ["bench", "idle", "--sessions", &sessions.to_string(), "--seconds", &seconds.to_string()];
        ensure!(rights::again(&again).context("unshare")?.success(), "the measurement failed");
        return Ok(());
    }
    crate::chores::output("ip", &["addr", "add", "10.0.0.1/8", "dev", "lo"])?;
    let folder = crate::root().join("target/bench");
    std::fs::create_dir_all(&folder)?;
    let config = folder.join("idle.toml");
    std::fs::write(&config, edge_config(sessions)?)?;
    let log = std::fs::File::create(folder.join("idle.log"))?;
    let mut edge = Command::new(crate::root().join("target/release/twinpath"));
    edge.args(["edge", "--config"]).arg(&config).stdout(log.try_clone()?).stderr(log);
    let mut edge = Ending(edge.spawn().context("twinpath")?);
    wait_for_port()?;
    let (alone, _) = usage(edge.0.id())?;
    let mut others = Command::new(std::env::current_exe()?);
    others.args(["bench", "idle", "--generate", "--sessions", &sessions.to_string()]);
    others.args(["--seconds", &(seconds + 30).to_string()]).stdout(Stdio::piped());
    let mut others = Ending(others.spawn()?);
    let mut told = String::new();
    let output = others.0.stdout.take().context("a pipe")?;
    BufReader::new(output).read_line(&mut told)?;
    ensure!(told.trim() == "up", "the sessions did not come up; {}", folder.join("idle.log").display());
    std::thread::sleep(Duration::from_secs(5));
    let (before, busy_before) = usage(edge.0.id())?;
    std::thread::sleep(Duration::from_secs(seconds));
    let (after, busy_after) = usage(edge.0.id())?;
    ensure!(edge.0.try_wait()?.is_none() && others.0.try_wait()?.is_none(), "edge or generator ended");

    let share = |kib: u64| kib as f64 / f64::from(sessions);
    let mut page = format!("Machine: {}. {}.\n\n", super::machine(), super::today()?);
    writeln!(
        page,
        "{sessions} sessions of {} routing domains on one edge, hold time {HOLD} s, no routes, watched for {seconds} s.\n\
         Memory is the process's own; the kernel's for the sockets comes on top.\n",
        sessions.div_ceil(2)
    )?;
    writeln!(page, "| figure | value |\n| --- | ---: |")?;
    writeln!(page, "| memory, configured and no session up | {:.1} MiB |", alone as f64 / 1024.0)?;
    writeln!(page, "| memory, all sessions up | {:.1} MiB |", after.max(before) as f64 / 1024.0)?;
    writeln!(page, "| memory a session, configuration included | {:.2} KiB |", share(after.max(before)))?;
    writeln!(page, "| memory a session, for being up | {:.2} KiB |", share(after.max(before).saturating_sub(alone)))?;
    let busy = (busy_after - busy_before) as f64 / 100.0 / seconds as f64;
    writeln!(page, "| CPU a second | {:.1} ms |", busy * 1e3)?;
    super::write(Part::Idle, &page)
}

/// Half as many domains as sessions, open ones, two routers in each.
fn edge_config(sessions: u32) -> anyhow::Result<String> {
    let mut text = format!("name = \"idle\"\nasn = 12076\nrouter-id = \"{EDGE}\"\nlisten = [\"{EDGE}:{PORT}\"]\n");
    text += "control = \"idle.sock\"\n";
    for number in 0..sessions {
        if number % 2 == 0 {
            writeln!(text, "\n[[domain]]\nname = \"d{}\"\npeering = \"open\"", number / 2)?;
        }
        writeln!(text, "\n[[domain.peer]]\nname = \"p{number}\"\naddress = \"{}\"", router(number))?;
        writeln!(text, "asn = {}\nrole = \"open\"\npassive = true\nhold-time = {HOLD}", asn(number))?;
    }
    Ok(text)
}

/// 10.1.0.0 on.
fn router(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 1, 0, 0).to_bits() + number)
}

fn asn(number: u32) -> u16 {
    // A two-octet private AS, so that the OPEN needs no capability.
    64_600 + u16::try_from(number % 2).unwrap_or_default()
}

/// Opens the sessions, says `up`, and keeps them for so many seconds.
pub(crate) fn generate(sessions: u32, seconds: u64) -> anyhow::Result<()> {
    let mut peers = Vec::new();
    for number in 0..sessions {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.bind(&SocketAddr::from((router(number), 0)).into())?;
        socket.connect(&SocketAddr::from((EDGE, PORT)).into()).with_context(|| format!("session {number}"))?;
        let mut socket = std::net::TcpStream::from(socket);
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        socket.write_all(&open(number))?;
        // OPEN and the first KEEPALIVE; then ours, and the session is Established.
        ensure!(message(&mut socket)? == 1, "session {number}: no OPEN");
        socket.write_all(&KEEPALIVE)?;
        while message(&mut socket)? != 4 {}
        socket.set_nonblocking(true)?;
        peers.push(socket);
    }
    writeln!(std::io::stdout(), "up")?;
    std::io::stdout().flush()?;
    let interval = Duration::from_secs(u64::from(HOLD / 3));
    let slice = interval / 60;
    let mut buffer = [0; 4096];
    // In each second a sixtieth of the sessions has its turn, so that the edge is never met by all at once.
    for turn in 0..seconds {
        for socket in peers.iter_mut().skip((turn % 60) as usize).step_by(60) {
            while socket.read(&mut buffer).is_ok_and(|length| length > 0) {}
            socket.write_all(&KEEPALIVE).context("a session was lost")?;
        }
        std::thread::sleep(slice);
    }
    Ok(())
}

/// An OPEN without capabilities (RFC 4271, section 4.2).
fn open(number: u32) -> Vec<u8> {
    let mut message = vec![0xff; 16];
    message.extend([0, 29, 1, 4]);
    message.extend(asn(number).to_be_bytes());
    message.extend(HOLD.to_be_bytes());
    message.extend(router(number).octets());
    message.push(0);
    message
}

const KEEPALIVE: [u8; 19] = {
    let mut message = [0xff; 19];
    message[16] = 0;
    message[17] = 19;
    message[18] = 4;
    message
};

/// Reads one message; its type.
fn message(socket: &mut std::net::TcpStream) -> anyhow::Result<u8> {
    let mut head = [0; 19];
    socket.read_exact(&mut head)?;
    let [.., high, low, kind] = head;
    let mut body = vec![0; usize::from(u16::from_be_bytes([high, low])).saturating_sub(head.len())];
    socket.read_exact(&mut body)?;
    Ok(kind)
}

fn wait_for_port() -> anyhow::Result<()> {
    for _ in 0..600 {
        if std::net::TcpStream::connect((EDGE, PORT)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    anyhow::bail!("the edge does not listen")
}

/// Resident memory in KiB, and CPU time in ticks of 10 ms.
fn usage(pid: u32) -> anyhow::Result<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // After the name, which may hold anything: fields 14 and 15 are user and system time.
    let (_, fields) = stat.rsplit_once(") ").context("stat")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok((memory.trim().trim_end_matches(" kB").parse()?, ticks))
}

/// A process that ends with us.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
