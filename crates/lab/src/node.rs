//! Programs in nodes.
//!
//! A program is started from a thread that has entered the node's namespace, and so is born in it. It keeps the
//! lab's own mounts: what it makes under `/run/netns` others of the lab see.

use crate::Error;
use socket::Namespace;
use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

/// Starts a program in a node, or beside the nodes where `node` says none.
///
/// # Errors
///
/// There is no such node, or no such program.
pub fn spawn(node: Option<&str>, command: &mut Command) -> Result<Child, Error> {
    let doing = || {
        let program = command.get_program().to_string_lossy().into_owned();
        node.map_or_else(|| program.clone(), |node| format!("{program} in {node}"))
    };
    let doing = doing();
    let started = match node {
        Some(node) => Namespace::named(node).and_then(|namespace| namespace.enter(|| command.spawn())),
        None => command.spawn(),
    };
    started.map_err(Error::io(doing))
}

/// Runs a program in a node to its end and gives what it printed.
///
/// # Errors
///
/// As [`spawn`], or it fails.
pub fn run(node: Option<&str>, program: &str, args: &[&str], input: Option<&str>) -> Result<String, Error> {
    let output = ask(node, program, args, input)?;
    if !output.status.success() {
        let place = node.map(|node| format!("{node}: ")).unwrap_or_default();
        let said = [&output.stderr[..], &output.stdout].map(|text| String::from_utf8_lossy(text).trim().to_owned());
        return Err(Error::Command { command: format!("{place}{program} {}", args.join(" ")), said: said.join(" ") });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program in a node to its end, whether it succeeds or not.
///
/// # Errors
///
/// As [`spawn`].
pub fn ask(node: Option<&str>, program: &str, args: &[&str], input: Option<&str>) -> Result<Output, Error> {
    let mut command = Command::new(program);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = spawn(node, &mut command)?;
    if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
        pipe.write_all(input.as_bytes()).map_err(Error::io(program))?;
    }
    child.wait_with_output().map_err(Error::io(program))
}
