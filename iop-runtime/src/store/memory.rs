//! A store in memory: for tests, and for productions that need nothing to survive.
