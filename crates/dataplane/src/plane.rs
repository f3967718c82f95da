//! The trait (spec 09, 12).

use crate::{
    ArpEntry, BatchReport, Caps, Counter, CounterSel, Diff, DomainId, DomainSpec, DpEvent, GroupId, IfHandle, Member,
    NatPolicy, PortId, QosPolicy, RatePolicy, Result, RouteOp, RouteTable, Tag,
};
use ipnet::IpNet;
use socket::Namespace;
use std::sync::mpsc::Receiver;

/// What carries the domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A network namespace each.
    Netns,
    /// Memory: nothing is forwarded but by asking.
    Sim,
}

/// A data plane. Desired state goes in; the difference to what is there is found inside, and every call may be
/// repeated. Calls block, at most for as long as the kernel takes; they may come from any thread.
///
/// Forwarding outlives the process: whoever opens the same data plane again finds domains, interfaces and routes as
/// they were left, by their names and by the mark on each route.
pub trait DataPlane: Send + Sync {
    /// What carries the domains.
    fn backend(&self) -> Backend;

    /// What the machine can do, as the probe found it at the start.
    fn caps(&self) -> &Caps;

    /// Makes a domain, or finds the one of that name.
    ///
    /// # Errors
    ///
    /// The name is taken by another domain, or the kernel refuses.
    fn domain_ensure(&self, domain: DomainId, spec: &DomainSpec) -> Result<()>;

    /// Removes a domain with all that is in it. One that is not there is no error.
    ///
    /// # Errors
    ///
    /// The kernel refuses.
    fn domain_remove(&self, domain: DomainId) -> Result<()>;

    /// The namespace of a domain, for the sockets of its sessions; `None` where there are none (Sim).
    ///
    /// # Errors
    ///
    /// There is no such domain.
    fn namespace(&self, domain: DomainId) -> Result<Option<Namespace>>;

    /// Brings the packets of a port that carry the tag into a domain, over an interface with these addresses, and back.
    /// One that is there already is given its addresses anew.
    ///
    /// # Errors
    ///
    /// No such domain or port, the tag is another domain's, or the machine cannot do that kind of tag.
    fn attach(&self, domain: DomainId, port: PortId, tag: Tag, addresses: &[IpNet]) -> Result<IfHandle>;

    /// Takes an interface away. One that is not there is no error.
    ///
    /// # Errors
    ///
    /// The kernel refuses.
    fn detach(&self, interface: IfHandle) -> Result<()>;

    /// The name of an interface in its domain, such as sockets are bound to.
    ///
    /// # Errors
    ///
    /// There is no such interface.
    fn interface_name(&self, interface: IfHandle) -> Result<String>;

    /// Takes a link up or down.
    ///
    /// # Errors
    ///
    /// There is no such interface, or the kernel refuses.
    fn link_admin(&self, interface: IfHandle, up: bool) -> Result<()>;

    /// Sets the members of a group, in one message: all prefixes of the group go their new way at once, however many
    /// (spec 09, 5). A group without members drops what is sent to it. Members whose link is down count as soon as it
    /// is up.
    ///
    /// # Errors
    ///
    /// A gateway is not on the link of its interface, or the kernel refuses.
    fn nexthop_set(&self, domain: DomainId, group: GroupId, members: &[Member]) -> Result<()>;

    /// Changes routes, in their order.
    ///
    /// # Errors
    ///
    /// No such domain, or a route names a group that was never set: then none is changed. What the kernel refuses is
    /// in the report.
    fn routes(&self, domain: DomainId, batch: &[RouteOp]) -> Result<BatchReport>;

    /// Makes groups and routes what they should be, after a restart or when events were lost.
    ///
    /// # Errors
    ///
    /// No such domain, or the kernel refuses.
    fn resync(&self, domain: DomainId, want: &RouteTable) -> Result<Diff>;

    /// Sets translation in a domain; `None` takes it away. Flows that are open live on as far as the policy lets them.
    ///
    /// # Errors
    ///
    /// The policy contradicts itself, or the machine has no translation.
    fn nat(&self, domain: DomainId, policy: Option<&NatPolicy>) -> Result<()>;

    /// Sets the classes of an interface; `None` takes them away.
    ///
    /// # Errors
    ///
    /// The policy contradicts itself, or the machine has no classes.
    fn qos(&self, interface: IfHandle, policy: Option<&QosPolicy>) -> Result<()>;

    /// Sets the rate of an interface in the direction out of it; `None` takes it away.
    ///
    /// # Errors
    ///
    /// The machine has no rates of that kind.
    fn rate(&self, interface: IfHandle, policy: Option<&RatePolicy>) -> Result<()>;

    /// Events from now on. Each receiver gets all; one that is dropped gets none.
    fn events(&self) -> Receiver<DpEvent>;

    /// Reads counters.
    ///
    /// # Errors
    ///
    /// There is nothing of that kind.
    fn counters(&self, selection: &CounterSel) -> Result<Vec<Counter>>;

    /// The neighbours on the link of an interface, our own addresses among them: the ARP view of the circuit.
    ///
    /// # Errors
    ///
    /// There is no such interface.
    fn neighbours(&self, interface: IfHandle) -> Result<Vec<ArpEntry>>;
}
