//! A world in memory, with a clock of its own: two links, and a stream in each direction. For tests.

use super::{Act, Circuit, Detection, Ground, Kind, Link, Observed, StreamInfo, Way, World, WorldError};
use crate::Cut;
use crate::probe::{Arrival, Direction, Recording, Stamp, StreamRecord};
use edge_api::Side;
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Acts that fail something are refused after they were half done.
    Refuse,
    /// The drill is interrupted while a link is cut.
    Interrupt,
    /// Something panics while a link is cut.
    Panic,
    /// The world was never whole.
    Broken,
}

/// The ground of the model.
pub(crate) fn ground() -> Ground {
    let link = |side: Side, letter: &str, number: u8| Link {
        name: format!("amsterdam-{side}"),
        circuit: "amsterdam".into(),
        side,
        customer_edge: format!("ce-ams-{number}"),
        msee: format!("msee-{letter}"),
        detection: Detection::Bfd { interval_ms: 50, multiplier: 3 },
        trunk: None,
    };
    let stream = |direction| StreamInfo {
        path: "ams → hub-weu".into(),
        direction,
        class: "CS0".into(),
        kind: Kind::Private,
        rate: 1000,
    };
    Ground {
        circuits: vec![Circuit { name: "amsterdam".into(), location: "Amsterdam".into(), ..Circuit::default() }],
        links: vec![link(Side::Primary, "a", 1), link(Side::Secondary, "b", 2)],
        streams: vec![stream(Direction::Out), stream(Direction::Back)],
        flows: Vec::new(),
    }
}

/// The world.
pub(crate) struct Model {
    ground: Ground,
    now: u32,
    probing: bool,
    /// When the primary link was cut, and how.
    cut: Option<(u32, Cut)>,
    sent: Vec<Stamp>,
    arrivals: Vec<Arrival>,
    /// Every act, in order.
    pub(crate) did: Vec<Act>,
    pub(crate) trouble: Option<Trouble>,
}

impl Model {
    pub(crate) fn new() -> Self {
        let (sent, arrivals, did) = Default::default();
        Self { ground: ground(), now: 0, probing: false, cut: None, sent, arrivals, did, trouble: None }
    }

    pub(crate) fn is_healed(&self) -> bool {
        self.cut.is_none()
    }

    pub(crate) fn is_probing(&self) -> bool {
        self.probing
    }

    /// Whether the primary link is cut, and nobody knows yet.
    fn is_unnoticed(&self) -> bool {
        self.cut.is_some_and(|(since, how)| {
            let noticed = match how {
                Cut::Carrier => 2,
                Cut::Silent | Cut::SilentForth | Cut::SilentBack => 140,
            };
            self.now < since + noticed
        })
    }
}

impl World for Model {
    fn ground(&self) -> &Ground {
        &self.ground
    }

    fn obstacle(&self, _: &Act) -> Option<String> {
        None
    }

    fn is_whole(&mut self) -> Result<(), String> {
        match self.trouble {
            Some(Trouble::Broken) => Err("a session".into()),
            _ if self.cut.is_some() => Err("the primary link".into()),
            _ => Ok(()),
        }
    }

    fn begin(&mut self) -> Result<(), WorldError> {
        self.probing = true;
        Ok(())
    }

    fn now(&self) -> Stamp {
        Stamp::from_ms(self.now)
    }

    fn wait(&mut self, span: Duration) -> Result<(), WorldError> {
        for _ in 0..span.as_millis() {
            if self.probing {
                let number = u32::try_from(self.sent.len()).unwrap();
                self.sent.push(self.now());
                if !self.is_unnoticed() {
                    self.arrivals.push(Arrival { number, at: Stamp(self.now().0 + 90) });
                }
            }
            self.now += 1;
        }
        match self.trouble {
            Some(Trouble::Interrupt) if self.cut.is_some() => Err(WorldError::Interrupted),
            Some(Trouble::Panic) if self.cut.is_some() => panic!("on purpose"),
            _ => Ok(()),
        }
    }

    fn act(&mut self, act: &Act) -> Result<(), WorldError> {
        self.did.push(act.clone());
        match act {
            Act::Cut { how, .. } => self.cut = Some((self.now, *how)),
            Act::Join { .. } => self.cut = None,
            _ => {}
        }
        match self.trouble {
            Some(Trouble::Refuse) if act.undo().is_some() => Err(WorldError::failed("cutting")("refused".into())),
            _ => Ok(()),
        }
    }

    fn ways(&mut self) -> Vec<Way> {
        let msee = if self.cut.is_some() { "msee-b" } else { "msee-a" };
        vec![Way { hops: vec![Some(msee.into())], arrived: true }; 2]
    }

    fn end(&mut self) -> Result<Observed, WorldError> {
        self.probing = false;
        let record =
            StreamRecord { sent: self.sent.clone(), arrivals: self.arrivals.clone(), ..StreamRecord::default() };
        let recording = Recording { streams: vec![record; 2], end: self.now(), ..Recording::default() };
        Ok(Observed { recording, ..Observed::default() })
    }
}
