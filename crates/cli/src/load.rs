//! From files to one design: read, join, and tell what could not be used.

use crate::{input, snippet};
use design::{Bounds, Input, Problem};
use model::{Design, Sources};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What files say together.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// The design that they make up.
    pub(crate) design: Design,
    /// The files, in order.
    pub(crate) sources: Sources,
    /// What could not be used, with the name of its file when the problem has no place.
    pub(crate) problems: Vec<(String, Problem)>,
}

/// Reads files and joins them; one bad file does not hide the others.
pub(crate) fn load(files: &[PathBuf]) -> Loaded {
    let (inputs, problems) = texts(files);
    join(inputs, problems)
}

/// The same together with what a service says, which is asked once the files are known.
///
/// # Errors
/// The service cannot be asked.
pub(crate) fn load_live(
    files: &[PathBuf],
    ask: impl FnOnce(&Design) -> anyhow::Result<Vec<Input>>,
) -> anyhow::Result<Loaded> {
    let (inputs, problems) = texts(files);
    let declared = join(inputs.clone(), Vec::new()).design;
    let live = ask(&declared)?;
    Ok(join(inputs.into_iter().chain(live).collect(), problems))
}

/// What could not be used, with the name of its file.
type Problems = Vec<(String, Problem)>;

/// The texts of files.
fn texts(files: &[PathBuf]) -> (Vec<Input>, Problems) {
    let (mut inputs, mut problems) = (Vec::new(), Vec::new());
    for path in files {
        match input::read(path, &Bounds::default()) {
            Ok(input) => inputs.push(input),
            Err(problem) => problems.push((path.display().to_string(), problem)),
        }
    }
    (inputs, problems)
}

/// What texts say together.
fn join(inputs: Vec<Input>, problems: Problems) -> Loaded {
    let mut loaded = Loaded { problems, ..Loaded::default() };
    let reading = design::read_all(inputs, &mut loaded.sources, &Bounds::default());
    loaded.design = reading.design;
    loaded.problems.extend(reading.problems.into_iter().map(|problem| (String::new(), problem)));
    let dangling = design::check_references(&loaded.design);
    loaded.problems.extend(dangling.into_iter().map(|problem| (String::new(), problem)));
    loaded
}

impl Loaded {
    /// Whether there is anything to check: some file was understood.
    pub(crate) fn is_empty(&self) -> bool {
        self.design == Design::default()
    }

    /// Whether design files name different companies. Standard input can be read only once, so it stays joined.
    pub(crate) fn is_of_several_companies(&self) -> bool {
        let from_stdin = self.sources.iter().any(|source| source.name == input::STDIN);
        self.design.company.disagreement().is_some() && !from_stdin
    }

    /// Tells what could not be used.
    pub(crate) fn tell_problems(&self) -> io::Result<()> {
        let mut out = anstream::stderr().lock();
        for (name, problem) in &self.problems {
            snippet::write(&mut out, problem, name, &self.sources)?;
            writeln!(out)?;
        }
        Ok(())
    }
}

/// Reads a file of waivers, which joins the sources so that an expired one can be shown.
///
/// # Errors
/// The file cannot be used; its problems are told first.
pub(crate) fn waivers(path: &Path, sources: &mut Sources) -> anyhow::Result<model::Waivers> {
    let bounds = Bounds::default();
    let (waivers, problems) = match input::read(path, &bounds) {
        Ok(input) => design::waivers(input, sources, &bounds),
        Err(problem) => (model::Waivers::default(), vec![problem]),
    };
    let name = path.display().to_string();
    let mut out = anstream::stderr().lock();
    for problem in &problems {
        snippet::write(&mut out, problem, &name, sources)?;
    }
    anyhow::ensure!(problems.is_empty(), "{name}: the waivers cannot be used");
    Ok(waivers)
}
