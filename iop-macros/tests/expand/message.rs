//! A message with a response, a key and a sensitive field.

/// Asks for a greeting.
#[message(response = Greeting, name = "hello", version = 2)]
pub struct Hello {
    #[key]
    pub name: String,
    #[sensitive]
    pub born: Option<String>,
}
