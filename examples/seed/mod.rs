//! Short productions, one for each thing that a user of IoP will look for. `README.md` has the names side by side.

pub mod messages;
pub mod s1_operation;
pub mod s2_catalogue;
pub mod s3_service;
pub mod s4_polling_service;
pub mod s5_director;
pub mod s6_process;
pub mod s7_gather;
pub mod s8_callbacks;
pub mod s9_multi_request;
