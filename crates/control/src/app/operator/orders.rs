//! How slow and how odd the service is.

use super::tenancy::list as page;
use super::{body, name, order, put_order};
use crate::app::Handled;
use crate::quirks::{self, QUIRKS};
use crate::{Answer, Call, Tx};
use arm_api::ArmError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How long operations take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Delays {
    /// Which measure.
    mode: Mode,
    /// With [`Mode::Fixed`]: for how many seconds each operation goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
}

/// The measure of delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mode {
    /// None.
    #[default]
    Instant,
    /// Of the kind that clients meet on Azure: see `engine`'s table.
    Realistic,
    /// The same for all.
    Fixed,
}

/// No operation is kept longer than an hour.
const LONGEST: u32 = 3600;

/// What is ordered of quirks.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Names {
    /// Those that are on.
    #[serde(default)]
    pub(crate) names: BTreeSet<String>,
}

/// What an operator says of a quirk.
#[derive(Debug, Deserialize)]
struct Switch {
    on: bool,
}

/// How slow the service is.
pub(super) async fn delays(tx: &mut Tx<'_>, _: &Call) -> Handled {
    let delays: Delays = order(tx, "delays").await?;
    Ok(Answer::Ok(shown(delays)))
}

/// Says how slow the service shall be. Operations that go on already keep to what held when they began.
pub(super) async fn put_delays(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let given: Delays = body(call)?;
    let refuse = |text: String| ArmError::bad_request("InvalidRequestContent", text).at("seconds");
    match (given.mode, given.seconds) {
        (Mode::Fixed, None) => return Err(refuse("a fixed delay needs its seconds".to_owned()).into()),
        (Mode::Fixed, Some(seconds)) if seconds > LONGEST => {
            return Err(refuse(format!("{seconds} seconds are more than {LONGEST}")).into());
        }
        (Mode::Instant | Mode::Realistic, Some(_)) => {
            return Err(refuse("seconds go with the mode `fixed` alone".to_owned()).into());
        }
        (Mode::Instant | Mode::Realistic, None) | (Mode::Fixed, Some(_)) => {}
    }
    put_order(tx, "delays", &given).await?;
    Ok(Answer::Ok(shown(given)))
}

fn shown(delays: Delays) -> Value {
    json!({ "mode": delays.mode, "seconds": delays.seconds })
}

/// The quirks of the real API, and which of them are on.
pub(super) async fn quirks(tx: &mut Tx<'_>, _: &Call) -> Handled {
    let on: Names = order(tx, "quirks").await?;
    Ok(page(QUIRKS.iter().map(|quirk| quirk_shown(quirk, &on))))
}

/// Switches a quirk on or off.
pub(super) async fn put_quirk(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let given: Switch = body(call)?;
    let asked = name(call, "quirk");
    let quirk = QUIRKS.iter().find(|quirk| quirk.name.eq_ignore_ascii_case(asked)).ok_or_else(|| {
        let known: Vec<&str> = QUIRKS.iter().map(|quirk| quirk.name).collect();
        ArmError::not_found("NotFound", format!("no quirk is called `{asked}`; there are {}", known.join(", ")))
    })?;
    let mut names: Names = order(tx, "quirks").await?;
    match given.on {
        true => _ = names.names.insert(quirk.name.to_owned()),
        false => _ = names.names.remove(quirk.name),
    }
    put_order(tx, "quirks", &names).await?;
    Ok(Answer::Ok(quirk_shown(quirk, &names)))
}

fn quirk_shown(quirk: &quirks::Quirk, on: &Names) -> Value {
    json!({ "name": quirk.name, "on": on.names.contains(quirk.name), "what": quirk.what, "source": quirk.source })
}
