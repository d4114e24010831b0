//! The default store: one SQLite database.
