use iop::prelude::*;

#[message(response = Answer)]
pub struct Question {
    topic: String,
}

#[message]
pub struct Answer {}

router! {
    ByTopic(question: &Question) {
        match question.topic.len() {
            0 => suspend,
            otherwise => oracle,
        }
    }
}

fn main() {}
