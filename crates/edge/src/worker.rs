//! A thread that owns whole routing domains: sockets, sessions and tables, with no lock on the way of a route.
