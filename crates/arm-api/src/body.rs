//! Bodies of resources, one file each.
