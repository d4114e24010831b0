//! The compiler of iop productions: entry points only.
