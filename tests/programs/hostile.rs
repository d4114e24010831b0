//! A production that repeats what it is told wherever a page could show it, for the tests with hostile texts.

use std::process::ExitCode;

use iop::prelude::*;
use iop::settings::Lookup;

/// Something that somebody says.
#[message]
struct Saying {
    /// What finds it.
    #[key]
    word: String,
    /// What is said.
    text: String,
    /// By whom.
    #[sensitive]
    whose: String,
    /// The names are as hostile as the values.
    more: std::collections::BTreeMap<String, String>,
    /// Whether the last one who hears it fails with it.
    fails: bool,
}

/// Takes what is said, and passes it on with the same words as a note.
#[business_service]
struct Ear {
    #[target(async)]
    mouth: Target<Saying>,
}

#[handlers]
impl Ear {
    async fn on_process_input(&mut self, saying: Saying, cx: &mut Context) -> Result {
        info!(word = %saying.word, "heard: {}", saying.text);
        let note = saying.text.clone();
        cx.send_request_async(&self.mouth, saying).response_required(false).description(note).await?;
        Ok(())
    }
}

/// Says it aloud, and fails with it.
#[business_operation]
struct Mouth {
    /// How it speaks.
    #[setting(default = "plainly")]
    manner: String,
    /// What words mean.
    #[setting(default = "words")]
    words: Lookup<String, String>,
}

#[handlers]
impl Mouth {
    async fn say(&mut self, saying: Saying) -> Result {
        error!(manner = %self.manner, meaning = self.words.get_or(&saying.word, String::new())?, "{}", saying.text);
        if saying.fails {
            return Err(Error::fatal(saying.text));
        }
        Ok(())
    }
}

production! {
    /// Repeats what it is told.
    pub Hostile {
        ear: Ear { mouth: mouth },
        #[item(attempts = 1)]
        mouth: Mouth {},
    }
}

fn main() -> ExitCode {
    iop::run::<Hostile>()
}
