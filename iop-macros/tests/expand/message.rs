//! A message with a response, a key, a sensitive field, a second name, and an older version.

/// Asks for a greeting.
#[message(response = Greeting, name = "hello", version = 2, upgrade = from_v1)]
#[derive(Debug)]
pub struct Hello {
    #[key]
    #[serde(alias = "who")]
    pub name: String,
    #[sensitive]
    pub born: Option<String>,
}
