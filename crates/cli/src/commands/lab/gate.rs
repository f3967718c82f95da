//! The gate of a lab: a door on the machine's own loopback that leads to the service inside.
//!
//! The socket that listens was born outside and is this process's standard input; what it accepts is connected inside,
//! where this process lives. So the service has one address inside and outside, for az, SDKs and browsers.

use anyhow::Context;
use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;

/// Hands connections on until it is killed, or its lab ends.
pub(crate) fn run(port: u16) -> anyhow::Result<()> {
    let listener = io::stdin().as_fd().try_clone_to_owned().context("standard input is no socket")?;
    let listener = TcpListener::from(listener);
    loop {
        let (outside, _) = listener.accept().context("standard input is no socket that listens")?;
        std::thread::spawn(move || {
            let inside = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            let (mut from, mut to) = (outside.try_clone()?, inside.try_clone()?);
            let back = std::thread::spawn(move || {
                let (mut inside, mut outside) = (inside, outside);
                let _ = io::copy(&mut inside, &mut outside);
                let _ = outside.shutdown(Shutdown::Write);
            });
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
            let _ = back.join();
            io::Result::Ok(())
        });
    }
}
