//! Whether the prefixes that a Microsoft peering announces are proven (spec 03, 6).
//!
//! Any write makes them `Configuring`. Then they are `Configured` when a public AS number of the customer announces
//! public prefixes, and `ValidationNeeded` when the number is private: nobody can look that up. The operator's verdicts
//! outrank the rule: one questioned prefix needs validation, and prefixes that are all validated need none.

use super::{is_written, rules};
use crate::app::operator::{Prefixes, Verdict, order};
use crate::{Fault, Tx};
use arm_api::body::{MicrosoftPeeringConfig, Peering, PeeringType, PrefixesState};
use catalog::Catalog;
use model::{Prefix, Value as _};

/// Judges the prefixes of a circuit anew: after a write, and after an operator's verdict. What stays the same is not
/// written.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn validate(tx: &mut Tx<'_>, circuit: &str) -> Result<(), Fault> {
    let Some(row) = tx.get_key(circuit).await? else { return Ok(()) };
    let verdicts: Prefixes = order(tx, &format!("prefixes{circuit}")).await?;
    let catalog = tx.settings.catalog.clone();
    for mut row in tx.children(&row, "peerings").await? {
        let Ok(mut peering) = serde_json::from_value::<Peering>(row.document.clone()) else { continue };
        if peering.properties.peering_type != Some(PeeringType::MicrosoftPeering) || !is_written(&row) {
            continue;
        }
        let asn = peering.properties.peer_asn.unwrap_or_default();
        for config in super::configs(&mut peering.properties) {
            config.advertised_public_prefixes_state = Some(judge(&catalog, asn, config, &verdicts));
        }
        let document = serde_json::to_value(&peering).unwrap_or_default();
        if document != row.document {
            row.document = document;
            tx.put(row);
            tx.touch(circuit).await?;
        }
    }
    Ok(())
}

/// The state of the prefixes of one family.
fn judge(catalog: &Catalog, peer_asn: i64, config: &MicrosoftPeeringConfig, verdicts: &Prefixes) -> PrefixesState {
    let prefixes = config.advertised_public_prefixes.as_deref().unwrap_or_default();
    if prefixes.is_empty() {
        return PrefixesState::NotConfigured;
    }
    let verdict = |text: &String| {
        let prefix = Prefix::parse(text.trim()).map_or_else(|_| text.clone(), |prefix| prefix.to_string());
        verdicts.verdicts.get(&prefix).copied().flatten()
    };
    if prefixes.iter().any(|prefix| verdict(prefix) == Some(Verdict::Questioned)) {
        return PrefixesState::ValidationNeeded;
    }
    let proven = rules::provable(catalog, peer_asn, config);
    match proven || prefixes.iter().all(|prefix| verdict(prefix) == Some(Verdict::Validated)) {
        true => PrefixesState::Configured,
        false => PrefixesState::ValidationNeeded,
    }
}
