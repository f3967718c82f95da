//! Threads that are not kept waiting while others have work, and threads that have time.

use crate::sys;

/// What a thread got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// It runs before every ordinary thread (`SCHED_RR`).
    RealTime,
    /// It has a larger share than ordinary threads (nice −15).
    Preferred,
    /// It is an ordinary thread; the right to be more is missing (`CAP_SYS_NICE`).
    Ordinary,
}

/// Raises the calling thread as far as its rights go. Threads that it starts inherit that: one that waits for a thread
/// inside a [`Namespace`](crate::Namespace) would else wait as long as an ordinary one.
pub fn raise() -> Priority {
    // The lowest but some of 1 to 99: the kernel's own threads for devices come first.
    const ROUND_ROBIN: libc::c_int = 5;
    const NICE: libc::c_int = -15;
    if sys::schedule_round_robin(ROUND_ROBIN).is_ok() {
        Priority::RealTime
    } else if sys::set_nice(NICE).is_ok() {
        Priority::Preferred
    } else {
        Priority::Ordinary
    }
}

/// Lowers the calling thread: its waking interrupts no other (`SCHED_BATCH`), and its share is the smallest (nice 19).
/// No right is needed; where the kernel refuses all the same, the thread stays an ordinary one.
pub fn lower() {
    const NICE: libc::c_int = 19;
    let _ = sys::schedule_batch();
    let _ = sys::set_nice(NICE);
}
