//! Which handler gets what, and what is said to callers who name something that does not exist.

use iop::director::DirectorError;
use iop::prelude::*;
use iop_tests::rig::Rig;

#[message(response = Answer)]
struct Question {
    text: String,
}

#[message(response = Answer)]
struct Riddle {
    text: String,
}

#[message]
struct Answer {
    by: String,
}

/// Answers both, each by a handler with a name of its own.
#[business_operation]
struct Sage;

#[handlers]
impl Sage {
    async fn of_questions(&mut self, question: Question) -> Result<Answer> {
        Ok(Answer { by: format!("of_questions: {}", question.text) })
    }

    async fn whatever_it_is_called(&mut self, riddle: Riddle) -> Result<Answer> {
        Ok(Answer { by: format!("whatever_it_is_called: {}", riddle.text) })
    }
}

production! {
    Oracle {
        #[item(standalone)]
        sage: Sage {},
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_message_types_each_gets_its_own_handler() {
    let rig = Rig::start::<Oracle>().await;
    let answer = rig.call("sage", &Question { text: "why".into() }).await;
    assert_eq!(answer.by, "of_questions: why");
    let answer = rig.call("sage", &Riddle { text: "who".into() }).await;
    assert_eq!(answer.by, "whatever_it_is_called: who");
}

#[tokio::test(start_paused = true)]
async fn a_message_type_without_a_handler_is_refused_at_the_entrance_with_those_that_have_one() {
    let rig = Rig::start::<Oracle>().await;
    let refused = rig.director().call_json("sage", Some("Answer"), b"{}", None).await.err();
    let expected = DirectorError::UnknownType {
        item: "sage".into(),
        takes: "`Question`, `Riddle`".into(),
        wrong: "not `Answer`".into(),
    };
    assert_eq!(refused, Some(expected));
    assert_eq!(rig.messages().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_request_by_name_to_an_unknown_item_fails_at_once_and_names_the_nearest() {
    let rig = Rig::start::<Oracle>().await;
    let refused = rig.director().call_json("saga", Some("Question"), br#"{"text": ""}"#, None).await.err();
    assert_eq!(
        refused.map(|error| error.to_string()).as_deref(),
        Some("there is no item `saga`; did you mean `sage`?")
    );
    assert_eq!(rig.messages().await, []);
}
