//! Short productions, one for each thing that a user of IoP will look for. `README.md` has the names side by side.
