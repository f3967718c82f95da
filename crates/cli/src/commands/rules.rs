//! `twinpath rules`: the list of rules.

use crate::args::Rules;
use crate::commands::explain::rule_json;
use crate::{Outcome, table};
use std::io::Write;

/// Lists the rules that fit the filters.
pub(crate) fn run(args: &Rules) -> anyhow::Result<Outcome> {
    let search = args.search.as_deref().unwrap_or_default().to_lowercase();
    let fits = |rule: &&&rules::Rule| {
        let text = format!("{} {} {}", rule.id, rule.name, rule.title).to_lowercase();
        text.contains(&search)
            && args.group.as_ref().is_none_or(|group| rule.group().eq_ignore_ascii_case(group))
            && args.severity.as_ref().is_none_or(|severity| rule.severity.to_string() == *severity)
            && (args.all || rule.in_force(args.profile.into()))
    };
    let rules: Vec<_> = rules::rules().iter().filter(fits).collect();
    let mut out = anstream::stdout();
    if args.json {
        let list: Vec<_> = rules.iter().map(|rule| rule_json(rule)).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&list)?)?;
        return Ok(Outcome::Ready);
    }
    let row = |rule: &&&rules::Rule| {
        vec![rule.id.to_owned(), rule.severity.to_string(), rule.owner.to_string(), rule.title.to_owned()]
    };
    table::write(&mut out, &["id", "severity", "acts", "what must hold"], &rules.iter().map(row).collect::<Vec<_>>())?;
    writeln!(out, "\n{} rules · twinpath explain RULE", rules.len())?;
    Ok(Outcome::Ready)
}
