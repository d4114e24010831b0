//! A message with a part in it, and one that its wrapper holds.

/// Somebody comes.
#[message]
#[derive(Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Admit {
    #[key]
    pub mrn: String,
    /// Where to.
    pub ward: Ward,
    #[sensitive]
    #[serde(default)]
    pub earlier: Vec<(Ward, u8)>,
}
