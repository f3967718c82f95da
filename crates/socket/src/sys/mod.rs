//! System calls that no safe wrapper offers. The only `unsafe` of the workspace.
#![allow(unsafe_code, reason = "options and calls of Linux for which neither std nor socket2 has a function")]

pub(crate) mod batch;
pub(crate) mod bpf;
pub(crate) mod frame;
mod option;
mod space;

pub(crate) use option::*;
pub(crate) use space::*;

use std::ffi::CString;
use std::io;

/// Schedules this thread before all ordinary ones, in turn with others of its kind.
pub(crate) fn schedule_round_robin(priority: libc::c_int) -> io::Result<()> {
    schedule(libc::SCHED_RR, priority)
}

/// Schedules this thread as one that has time: its waking interrupts no other.
pub(crate) fn schedule_batch() -> io::Result<()> {
    schedule(libc::SCHED_BATCH, 0)
}

fn schedule(policy: libc::c_int, priority: libc::c_int) -> io::Result<()> {
    // SAFETY: all zeros are a value of this plain struct of the kernel.
    let mut parameters: libc::sched_param = unsafe { std::mem::zeroed() };
    parameters.sched_priority = priority;
    // SAFETY: the kernel reads the struct behind the pointer, which lives, and keeps nothing. 0 is this thread.
    check(unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) })
}

/// Gives this thread a larger share of the processor the lower `nice` is.
pub(crate) fn set_nice(nice: libc::c_int) -> io::Result<()> {
    // SAFETY: takes three integers. On Linux 0 is this thread.
    check(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) })
}

/// The index of an interface in the namespace of this thread.
pub(crate) fn interface_index(name: &str) -> io::Result<u32> {
    let name = CString::new(name)?;
    // SAFETY: reads a string that ends with zero and lives.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => Ok(index),
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
