//! A scenario: what fails, for how long, and what a good design gives. Data, so that a team can write its own.

use super::Kind;
use crate::Cut;
use crate::probe::Direction;
use edge_api::Side;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// A failure that can be asked for by name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// How it is asked for.
    pub name: String,
    /// What it is, for people.
    pub title: String,
    /// What is done.
    pub fail: Failure,
    /// Milliseconds from the failure to its healing.
    #[serde(default = "three_seconds")]
    pub hold_ms: u32,
    /// What a good design gives.
    pub expect: Expect,
    /// Where that comes from.
    pub source: String,
}

fn three_seconds() -> u32 {
    3000
}

impl Scenario {
    /// From the failure to its healing.
    pub fn hold(&self) -> Duration {
        Duration::from_millis(self.hold_ms.into())
    }
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Failure {
    /// A link is cut.
    Cut {
        /// Which.
        side: Side,
        /// How.
        how: Cut,
        /// Whether the cable behind the provider is cut with it, so that Microsoft's port sees it, too.
        #[serde(default)]
        through: bool,
    },
    /// A link is cut and joined, again and again.
    Flap {
        /// Which.
        side: Side,
        /// How.
        how: Cut,
        /// How often.
        times: u16,
        /// Milliseconds from one cut to the next; half of it the link is cut.
        period_ms: u32,
        /// As for [`Failure::Cut`].
        #[serde(default)]
        through: bool,
    },
    /// The sessions of a link are reset once.
    Reset {
        /// Which.
        side: Side,
    },
    /// The customer ends the sessions of a link.
    Shut {
        /// Which.
        side: Side,
    },
    /// A router dies.
    Kill {
        /// Which of the two at the ends of the link.
        what: Router,
        /// Which link.
        side: Side,
    },
    /// All links of a circuit that is not the only one fall silent.
    Location,
    /// The provider uses a wrong tag.
    Mistag {
        /// On which link.
        side: Side,
    },
    /// An edge is drained for maintenance.
    Drain {
        /// The edge of which link.
        side: Side,
    },
    /// Too many prefixes are announced.
    Breach {
        /// Over which link.
        side: Side,
    },
    /// The route filter is detached.
    Filter,
    /// The NAT pool is used up.
    Pool,
    /// More is sent than the circuit takes.
    Load {
        /// Percent of its bandwidth.
        percent: u16,
    },
}

/// The router at one end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Router {
    /// Microsoft's.
    Msee,
    /// The customer's.
    CustomerEdge,
}

/// What a good design gives.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Expect {
    /// Which streams are judged; all when left out.
    #[serde(default)]
    pub judge: Option<Judge>,
    /// Milliseconds of packets that the worst of them may lose while the failure lasts.
    #[serde(default)]
    pub lost_ms: Option<Limit>,
    /// Milliseconds that the switch may take beyond detection.
    #[serde(default)]
    pub switching_ms: u32,
    /// Milliseconds of packets that the worst of them may lose on the way back.
    #[serde(default)]
    pub back_lost_ms: Option<u32>,
    /// Milliseconds that 99 in 100 packets of each may take while the failure lasts.
    #[serde(default)]
    pub p99_ms: Option<u32>,
    /// How many flows may break.
    #[serde(default)]
    pub broken: Option<u32>,
    /// Paths that carry nothing while the failure lasts, as they should; unless another circuit has them, too, and then
    /// they carry on there.
    #[serde(default)]
    pub dark: Option<Kind>,
    /// Which direction carries on over another circuit; both when left out. Translated flows keep the pool of theirs.
    #[serde(default)]
    pub elsewhere: Option<Direction>,
    /// Someone tells that a NAT pool is exhausted.
    #[serde(default)]
    pub exhaustion_told: bool,
    /// Percent of what voice leaves that best effort gets at least, when more of it is sent than the circuit takes.
    #[serde(default)]
    pub bulk_percent: Option<u8>,
}

/// Which streams are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// Those over private peering.
    Private,
    /// Those over Microsoft peering.
    Microsoft,
    /// Those marked EF.
    Voice,
}

/// A limit on time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Limit {
    /// So many milliseconds.
    Ms(u32),
    /// What detection takes at most on the links that fail.
    Word(Word),
    /// One for each direction.
    Each {
        /// From the customer's premises to Microsoft.
        out: Bound,
        /// From Microsoft to the customer's premises.
        back: Bound,
    },
}

impl Limit {
    /// The limit in a direction.
    pub fn of(self, direction: Direction) -> Bound {
        match (self, direction) {
            (Self::Ms(ms), _) => Bound::Ms(ms),
            (Self::Word(word), _) => Bound::Word(word),
            (Self::Each { out, .. }, Direction::Out) => out,
            (Self::Each { back, .. }, Direction::Back) => back,
        }
    }
}

/// A limit on time in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    /// So many milliseconds.
    Ms(u32),
    /// What detection takes at most on the links that fail.
    Word(Word),
}

/// The word that stands for a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// What detection takes at most.
    Detection,
}

/// Why scenarios cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The text is no list of scenarios.
    #[error("no list of scenarios")]
    Text(#[from] toml::de::Error),
    /// Two have the same name.
    #[error("two scenarios are called `{0}`")]
    Twice(String),
    /// A name that no scenario has.
    #[error("there is no scenario `{seen}`; there are {known}")]
    Unknown {
        /// What was asked for.
        seen: String,
        /// What there is.
        known: String,
    },
}

/// A list of scenarios.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenarios {
    /// In the order of running.
    #[serde(rename = "scenario")]
    pub all: Vec<Scenario>,
}

impl Scenarios {
    /// Reads a list.
    ///
    /// # Errors
    /// The text is none, or two scenarios have one name.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenarios: Self = toml::from_str(text)?;
        let mut names = BTreeSet::new();
        match scenarios.all.iter().find(|scenario| !names.insert(&scenario.name)) {
            Some(twice) => Err(ScenarioError::Twice(twice.name.clone())),
            None => Ok(scenarios),
        }
    }

    /// Those that come with the program.
    ///
    /// # Errors
    /// None; a test reads them.
    pub fn builtin() -> Result<Self, ScenarioError> {
        Self::parse(include_str!("scenarios.toml"))
    }

    /// Those of the names, in the order of the list; all when there are no names or one is `all`.
    ///
    /// # Errors
    /// No scenario has one of the names.
    pub fn chosen(&self, names: &[String]) -> Result<Vec<&Scenario>, ScenarioError> {
        let known = || self.all.iter().map(|scenario| scenario.name.as_str()).collect::<Vec<_>>();
        if let Some(seen) = names.iter().find(|name| *name != "all" && !known().contains(&name.as_str())) {
            return Err(ScenarioError::Unknown { seen: seen.clone(), known: known().join(", ") });
        }
        let is_all = names.is_empty() || names.iter().any(|name| name == "all");
        Ok(self.all.iter().filter(|scenario| is_all || names.contains(&scenario.name)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenarios_that_come_with_the_program_are_read() {
        let builtin = Scenarios::builtin().unwrap();
        assert_eq!(builtin.all.len(), 16);
        assert_eq!(builtin.chosen(&[]).unwrap().len(), 16);
    }

    #[test]
    fn names_choose_and_unknown_ones_are_told() {
        let builtin = Scenarios::builtin().unwrap();
        let chosen = builtin.chosen(&["silent".to_owned(), "drain".to_owned()]).unwrap();
        assert_eq!(chosen.iter().map(|scenario| &*scenario.name).collect::<Vec<_>>(), ["drain", "silent"]);
        let error = builtin.chosen(&["silence".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("`silence`") && error.contains("silent-secondary"), "{error}");
    }

    #[test]
    fn two_of_one_name_are_refused_and_slips_are_told() {
        let text = include_str!("scenarios.toml");
        let error = Scenarios::parse(&text.replace("\"carrier\"\ntitle", "\"drain\"\ntitle")).unwrap_err();
        assert!(matches!(error, ScenarioError::Twice(name) if name == "drain"));
        assert!(Scenarios::parse(&text.replace("back-lost-ms = 0", "back-lost = 0")).is_err());
    }
}
