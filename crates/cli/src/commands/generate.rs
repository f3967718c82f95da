//! What is made from the program itself: completions, manual pages, the schema.

use crate::Outcome;
use crate::args::Args;
use anyhow::Context;
use clap::CommandFactory;
use std::io::{self, Write};
use std::path::Path;

/// Prints completions for a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> anyhow::Result<Outcome> {
    // Generated in memory first: the generator panics on a pipe that closes early.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "twinpath", &mut text);
    io::stdout().write_all(&text)?;
    Ok(Outcome::Ready)
}

/// Prints the manual page, or writes one for each command into a folder.
pub(crate) fn man(dir: Option<&Path>) -> anyhow::Result<Outcome> {
    match dir {
        Some(dir) => {
            std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
            clap_mangen::generate_to(Args::command(), dir).with_context(|| dir.display().to_string())?;
        }
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut text)?;
            io::stdout().write_all(&text)?;
        }
    }
    Ok(Outcome::Ready)
}

/// Prints the JSON Schema of the design file.
pub(crate) fn schema() -> anyhow::Result<Outcome> {
    io::stdout().write_all(design::schema_text().as_bytes())?;
    Ok(Outcome::Ready)
}
