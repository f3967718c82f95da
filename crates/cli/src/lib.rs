//! The command line: the rim where files are read, clocks asked and pages printed.
//!
//! [`args`] says what can be typed, one file under `commands` does it. Every command prints for
//! people on a terminal and takes `--json` for programs.
//!
//! Exit codes: 0 ready, 1 findings, 2 usage or input error.

pub mod args;
mod commands;
mod input;
mod live;
mod load;
mod snippet;
mod table;

use args::{Args, Command};
use clap::Parser;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// How a command ended, short of an error; of several, the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Nothing stands in the way.
    Ready,
    /// There are findings.
    Findings,
    /// Some input could not be used.
    BadInput,
}

/// Parses the command line, runs it and gives its exit code.
pub fn main() -> ExitCode {
    let args = Args::parse();
    args.color.write_global();
    match run(&args) {
        Ok(Outcome::Ready) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Ok(Outcome::BadInput) => ExitCode::from(2),
        // The reader of a pipe may leave early, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(anstream::stderr(), "{error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> anyhow::Result<Outcome> {
    let catalog = std::sync::Arc::new(input::catalog(args.catalog.as_deref())?);
    match &args.command {
        Command::Check(check) => commands::check::run(check, &catalog),
        Command::Catalog(question) => commands::catalog::run(question, &catalog),
        Command::Completions { shell } => commands::generate::completions(*shell),
        Command::Demo(demo) => commands::demo::run(demo, &catalog),
        Command::Drill(drill) => commands::drill::run(drill, &catalog),
        Command::Edge(edge) => commands::edge::run(edge, &catalog),
        Command::Env(env) => commands::login::env(env),
        Command::Explain { rule, json } => commands::explain::run(rule, *json),
        Command::Fix(fix) => commands::fix::run(fix, &catalog),
        Command::Init(init) => commands::init::run(init, &catalog),
        Command::Lab(lab) => commands::lab::run(lab, &catalog),
        Command::LoginHelp(help) => commands::login::help(help),
        Command::M365(m365) => commands::m365::run(m365, &catalog),
        Command::Man { dir } => commands::generate::man(dir.as_deref()),
        Command::Operator(operator) => commands::operator::run(operator),
        Command::Plan(plan) => commands::plan::run(plan, &catalog),
        Command::Provider(provider) => commands::provider::run(provider),
        Command::Rules(rules) => commands::rules::run(rules),
        Command::Serve(serve) => commands::serve::run(serve, &catalog),
        Command::Store(store) => commands::store::run(store),
        Command::Schema => commands::generate::schema(),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe))
}
