#![deny(warnings, missing_docs)]
//! Every form that a router may have.

use iop::prelude::*;

/// What an event is.
#[message(part)]
#[derive(Debug)]
pub enum Class {
    /// With its magnitude.
    Quake(f64),
    /// With its place.
    Blast {
        /// Where it was.
        place: String,
    },
    /// Nothing of interest.
    Noise,
}

/// Something was heard.
#[message]
#[derive(Debug)]
pub struct Event {
    /// What it is.
    pub class: Class,
}

/// Who was it?
#[message(response = Answer)]
#[derive(Debug)]
pub struct Question {
    /// What about.
    pub topic: u8,
}

/// It was me.
#[message]
#[derive(Debug)]
pub struct Answer {}

router! {
    /// Looks into the message without taking it.
    #[derive(Debug)]
    pub ByClass(event: &Event) {
        match &event.class {
            Class::Quake(magnitude) if *magnitude >= 5.0 => [quakes, alerts],
            Class::Quake(_) => quakes,
            Class::Blast { place } if place.is_empty() => suspend,
            Class::Blast { .. } => blasts,
            Class::Noise => discard,
        }
    }
}

router! {
    /// Gives the response.
    pub ByTopic(question: &Question) -> Answer {
        match question.topic {
            0..=9 => oracle,
            10 | 11 => sage,
            otherwise => suspend,
        }
    }
}

router! {
    Private(event: &Event,) {
        match event.class {
            Class::Noise => discard,
            _ => rest,
        }
    }
}

/// Takes all.
#[business_operation]
#[derive(Debug)]
pub struct All {}

#[handlers]
impl All {
    async fn event(&mut self, _: Event) -> Result {
        Ok(())
    }

    async fn question(&mut self, _: Question) -> Result<Answer> {
        Ok(Answer {})
    }
}

production! {
    /// Routers.
    pub Routing {
        #[item(standalone)]
        by_class: ByClass { quakes: all, alerts: all, blasts: all },
        #[item(standalone)]
        by_topic: ByTopic { oracle: all, sage: all },
        #[item(standalone, tap = all)]
        private: Private { rest: all },
        all: All {},
    }
}
