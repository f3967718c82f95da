//! Every file of a plan: what `twinpath plan --out` writes.

use crate::plan::Plan;
use crate::router::{self, ConfigError, Dialect, File, Placement};
use crate::{nat, order, qos};
use catalog::Catalog;

/// The files of a plan: for each router a folder for each dialect, NAT, traffic classes, and the order as scripts.
///
/// # Errors
/// The placement has a key that a dialect cannot write.
pub fn files(
    plan: &Plan,
    catalog: &Catalog,
    dialects: &[Dialect],
    placement: &Placement,
) -> Result<Vec<File>, ConfigError> {
    let mut files = Vec::new();
    for router in &plan.routers {
        for dialect in dialects {
            let made = match router::config(plan, catalog, &router.name, *dialect, placement) {
                Ok(made) => made,
                // It is among what is missing.
                Err(ConfigError::NoAsn(_)) => continue,
                Err(error) => return Err(error),
            };
            for file in made {
                files.push(File { name: format!("routers/{}/{}/{}", router.id, dialect.name(), file.name), ..file });
            }
        }
    }
    files.extend(plan.nat.pools.iter().map(|pool| nat::file(plan, pool, catalog)));
    files.extend(qos::files(plan));
    files.extend(order::scripts(plan));
    Ok(files)
}
