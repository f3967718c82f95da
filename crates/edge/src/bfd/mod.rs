//! Liveness of peers: the thread that runs BFD (RFC 5880) beside the workers.
