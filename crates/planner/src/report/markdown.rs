//! For a wiki or a change board: the page, then each step with its commands.

use super::Page;
use super::page::{lead, on_files, owner};
use crate::plan::Plan;
use crate::timeline::Timeline;
use std::fmt::{self, Write};

/// Writes a plan as Markdown; `files` are the design's in the commands.
///
/// # Errors
/// Nothing can be written.
pub fn write(plan: &Plan, time: &Timeline, files: &[String], out: &mut impl Write) -> fmt::Result {
    let page = Page::of(plan, time);
    writeln!(out, "# Plan\n\n{}", text(&page.head))?;
    for section in &page.sections {
        writeln!(out, "\n## {}", text(section.title))?;
        if !section.rows.is_empty() {
            writeln!(out, "\n| {} |", section.heading.join(" | "))?;
            writeln!(out, "|{}", " --- |".repeat(section.heading.len()))?;
            for row in &section.rows {
                let cells: Vec<String> = row.iter().map(|cell| text(cell)).collect();
                writeln!(out, "| {} |", cells.join(" | "))?;
            }
        }
        for note in &section.notes {
            writeln!(out, "\n{}", text(note))?;
        }
    }
    writeln!(out, "\n## Step by step")?;
    for step in &plan.steps {
        writeln!(out, "\n### {}. {}\n", step.number, text(&step.what))?;
        writeln!(out, "- Owner: {}", text(&owner(step)))?;
        writeln!(out, "- Takes: {}", lead(step))?;
        match &step.done {
            Some(done) => writeln!(out, "- Done: {}", text(done))?,
            None => {
                let notes = if step.lead.notes.is_empty() { String::new() } else { format!("; {}", step.lead.notes) };
                writeln!(out, "- Says: {}{}", text(&step.lead.source), text(&notes))?;
            }
        }
        if let Some(document) = step.document {
            writeln!(out, "- Document: {}", text(document))?;
        }
        if !step.files.is_empty() {
            let files: Vec<String> = step.files.iter().map(|file| format!("`{file}`")).collect();
            writeln!(out, "- Files: {}", files.join(", "))?;
        }
        writeln!(out, "- Judged by: {}", step.rules.join(", "))?;
        if !step.commands.is_empty() {
            writeln!(out, "\n```sh")?;
            for command in &step.commands {
                writeln!(out, "{}", on_files(command, files))?;
            }
            writeln!(out, "```")?;
        }
    }
    Ok(())
}

/// Free text, with nothing in it that Markdown would act on.
fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => safe.push(' '),
            '|' | '`' | '<' | '[' | ']' | '*' | '_' | '\\' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}
