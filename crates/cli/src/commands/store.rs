//! `twinpath store`: backup, restore, audit.

use crate::args::{Store, StoreCommand};
use crate::{Outcome, table};
use serde_json::json;
use std::io::Write;
use std::path::Path;
use store::{AuditEntry, Rows};

/// Does what is asked of the store.
pub(crate) fn run(args: &Store) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(answer(args))?;
    Ok(Outcome::Ready)
}

async fn answer(args: &Store) -> anyhow::Result<()> {
    let database = match &args.database {
        Some(database) => database.clone(),
        None => format!("sqlite:{}", args.data.join("twinpath.db").display()),
    };
    match &args.command {
        StoreCommand::Backup { file } => counted(args, file, &store::backup(&database, file).await?)?,
        StoreCommand::Restore { file } => {
            if args.database.is_none() {
                std::fs::create_dir_all(&args.data)?;
            }
            counted(args, file, &store::restore(&database, file).await?)?;
        }
        StoreCommand::Audit { below, before, limit } => {
            anyhow::ensure!(store::exists(&database), "there is no store at {}", args.data.display());
            let store = store::open(&database).await?;
            let lines = store.audit(below.to_lowercase().trim_end_matches('/'), *before, *limit).await?;
            audit(args.json, &lines)?;
        }
    }
    Ok(())
}

/// Says how many rows went to a file, or came from it.
fn counted(args: &Store, file: &Path, rows: &Rows) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    if args.json {
        writeln!(out, "{}", json!({ "file": file, "rows": rows }))?;
        return Ok(());
    }
    let rows: Vec<Vec<String>> = rows.iter().map(|(table, rows)| vec![table.clone(), rows.to_string()]).collect();
    table::write(&mut out, &["TABLE", "ROWS"], &rows)?;
    Ok(())
}

fn audit(json: bool, lines: &[AuditEntry]) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    if json {
        for line in lines {
            let AuditEntry { number, at, who, request, key, before, after } = line;
            let at = at.to_string();
            let line = json!({ "number": number, "at": at, "who": who, "request": request, "key": key,
                "before": before, "after": after });
            writeln!(out, "{line}")?;
        }
        return Ok(());
    }
    let shown = |line: &AuditEntry| {
        let what = match (&line.before, &line.after) {
            (None, _) => "made",
            (_, None) => "deleted",
            (before, after) if before == after => "secrets",
            _ => "changed",
        };
        // What others named must not speak to the terminal.
        let clean = |text: &str| text.escape_debug().to_string();
        vec![line.number.to_string(), line.at.to_string(), clean(&line.who), what.to_owned(), clean(&line.key)]
    };
    let rows: Vec<Vec<String>> = lines.iter().map(shown).collect();
    table::write(&mut out, &["NUMBER", "WHEN", "WHO", "WHAT", "RESOURCE"], &rows)?;
    Ok(())
}
