//! `twinpath m365 watch`: follows an endpoint service, ours or Microsoft's.
//!
//! The folder holds the last good answers, the newest of which is in force, what each changed on devices, and the
//! evidence for rule M365-020. Everything is written beside its place and renamed, so that a kill leaves the old or the new. Whatever
//! comes that cannot be trusted is told and left; the last good answer stays in force.

use super::{show, subject};
use crate::args::Watch;
use crate::{Outcome, input};
use ::catalog::Catalog;
use ::m365::history::{self, Change, Version};
use ::m365::{Edit, Policy, Snapshot, Split};
use anyhow::{Context, bail, ensure};
use model::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An answer is some 60 KB; more than this is none.
const MOST: u64 = 16 << 20;
/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is remembered between two looks.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Who asks; the service counts questions by it.
    client: String,
    /// The instance that the folder follows.
    instance: String,
    /// The version in force.
    version: Option<String>,
    /// The day of the last look that was answered.
    last_check: Option<String>,
}

/// What one look found.
#[derive(Debug)]
enum Look {
    Same(Version),
    First(Version),
    New { old: Version, new: Version, edits: Vec<Edit> },
}

/// Asks a path with its parameters, and gives the text of the answer.
type Ask<'a> = &'a dyn Fn(&str) -> anyhow::Result<String>;

/// Follows a service until it is stopped, or looks once.
pub(crate) fn run(args: &Watch, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let policy = subject::policy(&args.design, catalog, &args.instance)?;
    let least = catalog.limit("m365", "endpoint-poll", "").unwrap_or(60);
    let every = Duration::from_secs(60 * args.every.unwrap_or(least).max(1));
    let agent = agent(args.ca.as_deref())?;
    let base = args.url.trim_end_matches('/');
    ensure!(base.starts_with("https://") || base.starts_with("http://"), "`{base}`: wanted https://host");
    std::fs::create_dir_all(&args.dir).with_context(|| args.dir.display().to_string())?;
    let ask = |path: &str| fetch(&agent, &format!("{base}{path}"));
    let watched = Watched {
        dir: &args.dir,
        instance: &args.instance,
        keep: args.keep.max(1),
        policy,
        lead: show::lead(catalog)?,
    };
    loop {
        let looked = watched.look(&ask, input::today(None)?, base);
        let outcome = tell(args, &looked)?;
        if let Ok(Look::New { old, new, .. }) = &looked {
            watched.hook(args.hook.as_deref(), old, new)?;
        }
        if args.once {
            return Ok(outcome);
        }
        std::thread::sleep(every);
    }
}

fn tell(args: &Watch, looked: &anyhow::Result<Look>) -> anyhow::Result<Outcome> {
    let mut out = anstream::stdout();
    let instance = &args.instance;
    if let Err(error) = looked {
        writeln!(anstream::stderr(), "{}: {error:#}; the last good endpoints stay in force", args.url)?;
        return Ok(Outcome::BadInput);
    }
    let (word, version, edits): (&str, &Version, &[Edit]) = match looked {
        Ok(Look::Same(version)) => ("same", version, &[]),
        Ok(Look::First(version)) => ("first", version, &[]),
        Ok(Look::New { new, edits, .. }) => ("new", new, edits),
        Err(_) => return Ok(Outcome::BadInput),
    };
    if args.json {
        let edits: Vec<_> = edits.iter().map(show::edit_json).collect();
        writeln!(out, "{}", json!({ "instance": instance, "found": word, "version": version, "edits": edits }))?;
    } else {
        match looked {
            Ok(Look::New { old, new, edits }) => show::write_edits(edits, &format!("{instance} {old} → {new}"), false)?,
            _ if word == "first" => writeln!(out, "{instance} {version}: taken as the first")?,
            _ => writeln!(out, "{instance} {version}: nothing new")?,
        }
    }
    out.flush()?;
    Ok(if word == "new" { Outcome::Findings } else { Outcome::Ready })
}

/// A folder that follows an instance.
struct Watched<'a> {
    dir: &'a Path,
    instance: &'a str,
    keep: usize,
    policy: Policy,
    lead: u32,
}

impl Watched<'_> {
    /// Looks once.
    ///
    /// # Errors
    /// The service does not answer, or not with what can be trusted. What was in force stays.
    fn look(&self, ask: Ask<'_>, today: Date, url: &str) -> anyhow::Result<Look> {
        let mut state = self.state()?;
        let own = &state.instance;
        ensure!(
            own.eq_ignore_ascii_case(self.instance),
            "the folder follows {own}; name another with --dir for {}",
            self.instance
        );
        let client = format!("ClientRequestId={}", state.client);
        let text = ask(&format!("/version/{}?{client}", self.instance))?;
        let told: serde_json::Value = serde_json::from_str(&text).with_context(|| {
            let html = if text.trim_start().starts_with('<') { "HTML" } else { "no JSON" };
            format!("the answer to /version is {html}")
        })?;
        let latest = told["latest"].as_str().and_then(Version::parse);
        let latest = latest.with_context(|| format!("the answer to /version has no version of ten digits: {told}"))?;
        let old = state.version.as_deref().and_then(Version::parse);
        let look = match &old {
            Some(old) if *old == latest => Look::Same(latest),
            Some(old) if *old > latest => {
                bail!(
                    "the service tells version {latest}, older than {old} in force; a copy that is behind, or a clock"
                )
            }
            // Additions are told ahead, but a version is named after the day it is made.
            _ if latest.date().is_some_and(|date| date > today.plus_days(1)) => {
                bail!("the service tells version {latest}, and here it is {today}; one of the two clocks is wrong")
            }
            _ => self.take(ask, &client, old, latest)?,
        };
        state.version = Some(match &look {
            Look::Same(version) | Look::First(version) | Look::New { new: version, .. } => version.to_string(),
        });
        state.last_check = Some(today.to_string());
        write(&self.dir.join("state.json"), &serde_json::to_string_pretty(&state)?)?;
        let evidence = format!(
            "# What `twinpath m365 watch` knows; `twinpath check my.design.yaml feed.live.yaml` takes it.\nevidence: live\n\
             taken: {today}\nm365:\n  feed: {{ url: \"{url}\", last_check: {today} }}\n"
        );
        write(&self.dir.join("feed.live.yaml"), &evidence)?;
        self.prune()?;
        Ok(look)
    }

    /// Takes a new version, if it can be trusted.
    fn take(&self, ask: Ask<'_>, client: &str, old: Option<Version>, new: Version) -> anyhow::Result<Look> {
        let text = ask(&format!("/endpoints/{}?{client}", self.instance))?;
        let (snapshot, notes) =
            Snapshot::parse(&text).with_context(|| format!("the answer to /endpoints, version {new}"))?;
        for note in notes {
            writeln!(anstream::stderr(), "version {new}: {note}")?;
        }
        let before = old.as_ref().map(|old| self.kept(old)).transpose()?.flatten();
        let look = match (old, before) {
            (Some(old), Some(before)) => {
                // The days of effect are worth asking for; without them the usual lead counts.
                let asked = ask(&format!("/changes/{}/{old}?{client}", self.instance));
                let changes = asked.and_then(|text| Ok(serde_json::from_str::<Vec<Change>>(&text)?));
                let effective = match changes {
                    Ok(changes) => history::effective(&changes),
                    Err(error) => {
                        writeln!(anstream::stderr(), "the answer to /changes is of no use: {error:#}")?;
                        BTreeMap::new()
                    }
                };
                let published = new.date().with_context(|| format!("version {new} begins with no day"))?;
                let (before, after) = show::comparable(before, snapshot.clone())?;
                let before = Split::new(before, self.policy.clone());
                let after = Split::new(after, self.policy.clone());
                let edits = ::m365::diff(&before, &after, published, self.lead, &effective);
                let list: Vec<_> = edits.iter().map(show::edit_json).collect();
                write(&self.edits(&new), &serde_json::to_string_pretty(&list)?)?;
                Look::New { old, new, edits }
            }
            _ => Look::First(new),
        };
        let (Look::First(version) | Look::New { new: version, .. } | Look::Same(version)) = &look;
        write(&self.snapshot(version), &snapshot.to_json())?;
        Ok(look)
    }

    fn state(&self) -> anyhow::Result<State> {
        let path = self.dir.join("state.json");
        if !path.exists() {
            let client = uuid::Uuid::new_v4().to_string();
            return Ok(State { client, instance: self.instance.to_owned(), ..State::default() });
        }
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| format!("{}: not what watch writes", path.display()))
    }

    fn snapshot(&self, version: &Version) -> PathBuf {
        self.dir.join(format!("endpoints-{version}.json"))
    }

    fn edits(&self, version: &Version) -> PathBuf {
        self.dir.join(format!("edits-{version}.json"))
    }

    /// The answer that is kept of a version; nothing when it is gone.
    fn kept(&self, version: &Version) -> anyhow::Result<Option<Snapshot>> {
        let path = self.snapshot(version);
        let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
        let (snapshot, _) = Snapshot::parse(&text).with_context(|| path.display().to_string())?;
        Ok(Some(snapshot))
    }

    /// Removes the oldest answers and edits beyond those to keep.
    fn prune(&self) -> anyhow::Result<()> {
        for kind in ["endpoints-", "edits-"] {
            let entries = std::fs::read_dir(self.dir).with_context(|| self.dir.display().to_string())?;
            let own = |path: &PathBuf| {
                path.file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| name.starts_with(kind) && name.ends_with(".json"))
            };
            let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(own).collect();
            files.sort();
            for path in files.iter().rev().skip(self.keep) {
                std::fs::remove_file(path).with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }

    /// Runs the hook; one that fails is told and stops nothing.
    fn hook(&self, hook: Option<&str>, old: &Version, new: &Version) -> anyhow::Result<()> {
        let Some(hook) = hook else { return Ok(()) };
        let run = std::process::Command::new("sh")
            .args(["-c", hook])
            .env("TWINPATH_OLD", old.as_str())
            .env("TWINPATH_NEW", new.as_str())
            .env("TWINPATH_EDITS", self.edits(new))
            .env("TWINPATH_ENDPOINTS", self.snapshot(new))
            .status();
        match run {
            Ok(status) if status.success() => {}
            Ok(status) => writeln!(anstream::stderr(), "the hook ended with {status}")?,
            Err(error) => writeln!(anstream::stderr(), "the hook cannot be run: {error}")?,
        }
        Ok(())
    }
}

/// Writes a file beside its place, then renames it.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).with_context(|| beside.display().to_string())?;
    std::fs::rename(&beside, path).with_context(|| path.display().to_string())
}

fn agent(ca: Option<&Path>) -> anyhow::Result<ureq::Agent> {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .user_agent(concat!("twinpath/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(PATIENCE));
    if let Some(ca) = ca {
        let pem = std::fs::read(ca).with_context(|| ca.display().to_string())?;
        let certificate = ureq::tls::Certificate::from_pem(&pem).with_context(|| ca.display().to_string())?;
        let roots = ureq::tls::RootCerts::new_with_certs(&[certificate]);
        config = config.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build());
    }
    Ok(config.build().new_agent())
}

fn fetch(agent: &ureq::Agent, url: &str) -> anyhow::Result<String> {
    // The asker's id is no secret, but of no use to a reader.
    let shown = url.split('?').next().unwrap_or(url).to_owned();
    let mut answer = agent.get(url).call().with_context(|| shown.clone())?;
    match answer.status().as_u16() {
        200 => answer.body_mut().with_config().limit(MOST).read_to_string().with_context(|| shown),
        429 => bail!("{shown}: asked too often (429); the next look waits"),
        status => bail!("{shown}: answered {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::m365::service;

    const TODAY: Date = Date::constant(2026, 11, 21);

    /// A service that knows some of the catalogue's versions, and may be broken.
    fn ask_of(versions: usize, broken: Option<&str>) -> impl Fn(&str) -> anyhow::Result<String> {
        let whole = history::History::of(Catalog::builtin()).unwrap();
        let mut known = history::History::default();
        for (version, snapshot) in whole.versions("Worldwide").take(versions) {
            known.add("Worldwide", version.clone(), snapshot.clone());
        }
        let broken = broken.map(str::to_owned);
        move |path: &str| {
            let (path, query) = path.split_once('?').unwrap();
            if let Some(broken) = broken.as_ref().filter(|_| path.starts_with("/endpoints")) {
                return Ok(broken.clone());
            }
            let words: Vec<String> = path.trim_start_matches('/').split('/').map(str::to_owned).collect();
            let query = query.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
            let reply = service::answer(&known, &words, &query.into_iter().collect(), "", 30).unwrap();
            ensure!(reply.status == 200, "{}", reply.body);
            Ok(reply.body)
        }
    }

    #[test]
    fn changes_are_taken_bad_answers_are_not_and_the_folder_stays_small() {
        let folder = tempfile::tempdir().unwrap();
        let policy = Policy::of_flags(Catalog::builtin(), "Worldwide");
        let watched = Watched { dir: folder.path(), instance: "Worldwide", keep: 1, policy, lead: 30 };
        let look = |versions, broken| watched.look(&ask_of(versions, broken), TODAY, "https://x");
        let early = watched.look(&ask_of(1, None), Date::constant(2020, 12, 21), "https://x").unwrap_err();
        assert!(early.to_string().contains("one of the two clocks is wrong"), "{early}");
        assert!(matches!(look(1, None).unwrap(), Look::First(_)));
        assert!(matches!(look(1, None).unwrap(), Look::Same(_)));
        for bad in ["<html>", "[]", "[{\"id\":1", "", "{}"] {
            assert!(look(2, Some(bad)).is_err());
            assert_eq!(watched.state().unwrap().version.as_deref(), Some("2020122300"));
        }
        let Look::New { edits, .. } = look(2, None).unwrap() else { panic!("a new version") };
        assert!(!edits.is_empty());
        assert!(look(1, None).unwrap_err().to_string().contains("older than 2025120100"));
        let other = Watched { instance: "China", ..watched };
        let refused = other.look(&ask_of(1, None), TODAY, "https://x").unwrap_err();
        assert!(refused.to_string().contains("follows Worldwide"), "{refused}");
        let kept = |kind: &str| {
            let names = std::fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.starts_with(kind)).collect::<Vec<_>>()
        };
        assert_eq!(kept("endpoints-"), ["endpoints-2025120100.json"]);
        let evidence = std::fs::read_to_string(folder.path().join("feed.live.yaml")).unwrap();
        assert!(evidence.contains("last_check: 2026-11-21"));
    }
}
