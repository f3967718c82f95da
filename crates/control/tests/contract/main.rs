//! The contract with the real clients: Microsoft's swagger and the inventories of the Azure SDK and `az`, held against
//! the table of routes.

mod coverage;
mod journey;
mod rig;
