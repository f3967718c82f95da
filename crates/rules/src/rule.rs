//! What a rule is, and how one is declared.

use crate::source::Doc;
use crate::{Facts, Verdict};
use std::fmt;

/// One requirement of the checklist: what it asks, where it comes from, and the question itself.
pub struct Rule {
    /// Its id, `NET-BGP-004`; for ever.
    pub id: &'static str,
    /// The fault that it finds, in kebab case; also the name of its file.
    pub name: &'static str,
    /// What must hold, in one line.
    pub title: &'static str,
    /// The manual page: what it asks, why it matters, how to mend it.
    pub doc: &'static str,
    /// What a failure means.
    pub severity: Severity,
    /// Who must act on a failure.
    pub owner: Owner,
    /// From which stage on it is asked.
    pub stage: Stage,
    /// The first year in which it was in force.
    pub since: i16,
    /// The year in which it ceased, `None` while in force.
    pub until: Option<i16>,
    /// The rule that took its place.
    pub superseded_by: Option<&'static str>,
    /// The documents that it comes from, never none.
    pub sources: &'static [&'static Doc],
    /// The kinds of evidence that can answer it.
    pub evidence: &'static [Evidence],
    /// The keys of the design that it reads, `*` for any name, `a|b` for either key.
    pub reads: &'static [&'static str],
    /// Under which condition it does not apply; `None` when it always does.
    pub guard: Option<&'static str>,
    /// `twinpath fix` can mend it.
    pub fixable: bool,
    /// The question.
    pub check: fn(&Facts<'_>) -> Answer,
    /// Cases that show each verdict; tests, manual and mutations are made from them.
    pub cases: &'static [Case],
}

/// What a rule's question gives. An `Err` is a verdict too, one that came early: a guard that is
/// false or unknown ends the question with `?`.
pub type Answer = Result<Verdict, Verdict>;

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A fact to show; never fails.
    Informational,
    /// Documented advice.
    Recommended,
    /// The service refuses, drops the session, voids the SLA or breaks traffic.
    Required,
}

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The customer.
    You,
    /// The connectivity provider.
    Provider,
    /// Microsoft.
    Microsoft,
}

/// How far a connection has come, and from when on a rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Before the order: there is only a design.
    Design,
    /// Ordered: the control plane holds resources.
    Ordered,
    /// Running: edges and routers report.
    Live,
}

/// A kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// The plan: what a design declares.
    Plan,
    /// The control plane.
    Control,
    /// BGP and forwarding.
    Live,
    /// An attestation.
    Attestation,
}

/// One case of a rule: a change to the reference design and the verdict that it must give.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The verdict.
    pub want: Want,
    /// Which evidence the reference design comes with.
    pub stage: Stage,
    /// The profile under which it is asked.
    pub profile: Profile,
    /// YAML merged over the reference design: `null` removes a key, `*` stands for every name there.
    /// It goes to the evidence of the case's stage, or where the keys `design`, `ordered`, `live` say.
    pub patch: &'static str,
}

/// The verdict that a case wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// Evidence is missing.
    Unknown,
    /// It does not apply.
    None,
}

/// Which edition of the prerequisites is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Profile {
    /// The page of July 2015.
    Y2015,
    /// The page of March 2017.
    Y2017,
    /// The page of January 2025.
    Y2025,
    /// What is in force now.
    #[default]
    Current,
}

impl Profile {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::Y2015, Self::Y2017, Self::Y2025, Self::Current];

    /// The year that it replays, `None` for the current one.
    pub fn year(self) -> Option<i16> {
        match self {
            Self::Y2015 => Some(2015),
            Self::Y2017 => Some(2017),
            Self::Y2025 => Some(2025),
            Self::Current => None,
        }
    }
}

impl Rule {
    /// Whether the rule is in force under a profile.
    pub fn in_force(&self, profile: Profile) -> bool {
        match profile.year() {
            None => self.until.is_none(),
            Some(year) => self.since <= year && self.until.is_none_or(|until| year < until),
        }
    }

    /// One section of the manual page, `What it asks`, without its heading.
    pub fn section(&self, heading: &str) -> Option<&'static str> {
        // A doc comment's lines begin with a blank.
        let heading = format!("## {heading}");
        let start = self.doc.match_indices('\n').map(|(end, _)| end + 1).chain([0]);
        let line = start
            .map(|start| &self.doc[start..])
            .find(|rest| rest.lines().next().is_some_and(|line| line.trim() == heading))?;
        let body = line.split_once('\n')?.1;
        let end =
            body.lines().take_while(|line| !line.trim_start().starts_with("## ")).map(|line| line.len() + 1).sum();
        Some(body.get(..end).unwrap_or(body).trim())
    }

    /// The group of the id: `NET-BGP` of `NET-BGP-004`.
    pub fn group(&self) -> &'static str {
        self.id.rsplit_once('-').map_or(self.id, |(group, _)| group)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

macro_rules! show {
    ($($type:ident { $($variant:ident = $text:literal),* $(,)? })*) => {
        $(impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$variant => $text),* })
            }
        })*
    };
}

show! {
    Severity { Informational = "informational", Recommended = "recommended", Required = "required" }
    Owner { You = "you", Provider = "provider", Microsoft = "Microsoft" }
    Stage { Design = "before the order", Ordered = "ordered", Live = "running" }
    Evidence { Plan = "plan", Control = "control plane", Live = "live network", Attestation = "attestation" }
    Profile { Y2015 = "2015", Y2017 = "2017", Y2025 = "2025", Current = "current" }
    Want { Pass = "pass", Fail = "fail", Unknown = "unknown", None = "not applicable" }
}

/// Declares the rule of a file, with its manual page as doc comment.
///
/// Optional keys, in this order, follow the required ones: `until`, `superseded_by`, `guard`, `fixable`.
/// A case is `pass`, `fail`, `unknown` or `none`, the stage or profile in brackets when it is not the
/// plain design under the current profile, and the patch when there is one:
/// `fail(live) "circuits: {'*': {private: {primary: {session: idle}}}}"`.
macro_rules! rule {
    (
        $(#[doc = $doc:literal])*
        pub(crate) static RULE = {
            id: $id:literal,
            name: $name:literal,
            title: $title:literal,
            severity: $severity:ident,
            owner: $owner:ident,
            stage: $stage:ident,
            since: $since:literal,
            sources: [$($source:ident),+ $(,)?],
            evidence: [$($evidence:ident),+ $(,)?],
            reads: [$($reads:literal),* $(,)?],
            $(until: $until:literal,)?
            $(superseded_by: $superseded_by:literal,)?
            $(guard: $guard:literal,)?
            $(fixable: $fixable:literal,)?
            check: $check:expr,
            cases: [$($want:ident $(($how:tt))? $($patch:literal)?;)*],
        }
    ) => {
        $(#[doc = $doc])*
        pub(crate) static RULE: $crate::Rule = $crate::Rule {
            id: $id,
            name: $name,
            title: $title,
            doc: concat!($($doc, "\n"),*),
            severity: $crate::Severity::$severity,
            owner: $crate::Owner::$owner,
            stage: $crate::Stage::$stage,
            since: $since,
            until: rule!(@option $($until)?),
            superseded_by: rule!(@option $($superseded_by)?),
            sources: &[$(&$crate::source::$source),+],
            evidence: &[$($crate::Evidence::$evidence),+],
            reads: &[$($reads),*],
            guard: rule!(@option $($guard)?),
            fixable: false $(|| $fixable)?,
            check: $check,
            cases: &[$(rule!(@case $want, [$($how)?], concat!("" $(, $patch)?))),*],
        };
    };
    (@option) => { None };
    (@option $value:literal) => { Some($value) };
    (@case $want:ident, [], $patch:expr) => { rule!(@made $want, Design, Current, $patch) };
    (@case $want:ident, [ordered], $patch:expr) => { rule!(@made $want, Ordered, Current, $patch) };
    (@case $want:ident, [live], $patch:expr) => { rule!(@made $want, Live, Current, $patch) };
    (@case $want:ident, [2015], $patch:expr) => { rule!(@made $want, Design, Y2015, $patch) };
    (@case $want:ident, [2017], $patch:expr) => { rule!(@made $want, Design, Y2017, $patch) };
    (@case $want:ident, [2025], $patch:expr) => { rule!(@made $want, Design, Y2025, $patch) };
    (@made $want:ident, $stage:ident, $profile:ident, $patch:expr) => {
        $crate::Case {
            want: rule!(@want $want),
            stage: $crate::Stage::$stage,
            profile: $crate::Profile::$profile,
            patch: $patch,
        }
    };
    (@want pass) => { $crate::Want::Pass };
    (@want fail) => { $crate::Want::Fail };
    (@want unknown) => { $crate::Want::Unknown };
    (@want none) => { $crate::Want::None };
}

#[cfg(test)]
mod tests {
    #[test]
    fn sections_end_where_the_next_begins() {
        for rule in crate::rules() {
            for heading in ["What it asks", "Why it matters", "How to mend it"] {
                let section = rule.section(heading).unwrap_or_else(|| panic!("{} lacks `{heading}`", rule.id));
                assert!(!section.is_empty() && !section.contains("## "), "{} {heading}: {section}", rule.id);
            }
            assert_eq!(rule.section("What"), None);
        }
    }
}
