//! Messages that outlive the program that stored them, and values that nobody may see.

#[path = "messages/blobs.rs"]
mod blobs;
#[path = "messages/by_reference.rs"]
mod by_reference;
#[path = "messages/changes.rs"]
mod changes;
#[path = "messages/lock.rs"]
mod lock;
#[path = "messages/parts.rs"]
mod parts;
#[path = "messages/sensitive.rs"]
mod sensitive;
#[path = "messages/versions.rs"]
mod versions;
