//! One file a command.

pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod drill;
pub(crate) mod edge;
pub(crate) mod embedded;
pub(crate) mod explain;
pub(crate) mod fix;
pub(crate) mod fleet;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod lab;
pub(crate) mod login;
pub(crate) mod m365;
pub(crate) mod operator;
pub(crate) mod plan;
pub(crate) mod provider;
pub(crate) mod rules;
pub(crate) mod seed;
pub(crate) mod serve;
pub(crate) mod store;
