//! The document of the API against what the API answers: every call is made, and every field of every answer is looked up.

use std::collections::BTreeSet;

use iop::director::Role;
use iop::prelude::*;
use iop::settings::Lookup;
use iop::store::memory::MemoryStore;
use serde_json::{Value, json};

use super::open::{Answer, Open};
use super::schema::Document;

/// What somebody wants to know.
#[message(response = Told)]
#[derive(Clone)]
struct Question {
    /// `hopeless` fails for good; `says`, `fails` and `panics` do so with the question.
    #[key]
    ward: String,
    #[sensitive]
    patient: Option<String>,
}

/// What they are told.
#[message]
struct Told {
    by: String,
}

/// Where questions come in.
#[business_service]
struct Door {
    #[target]
    out: Target<Question>,
}

#[handlers]
impl Door {
    async fn on_process_input(&mut self, question: Question, cx: &mut Context) -> Result<Told> {
        info!("a question came in");
        Ok(cx.send_request_sync(&self.out, question).await?)
    }
}

/// Knows who is on duty.
#[business_operation]
struct Office {
    /// Who is on duty in which ward.
    #[setting(default = "duty")]
    duty: Lookup<String, String>,
}

#[handlers]
impl Office {
    async fn tell(&mut self, question: Question) -> Result<Told> {
        match question.ward.as_str() {
            "hopeless" => Err(Error::fatal("nobody knows")),
            "says" => {
                info!("a question: {question:?}");
                Ok(Told { by: "nobody".to_owned() })
            }
            "fails" => Err(Error::fatal(format!("failed with {question:?}"))),
            "panics" => panic!("panicked with {question:?}"),
            _ => Ok(Told { by: self.duty.require(&question.ward)? }),
        }
    }
}

production! {
    /// Two offices, so that a message can be moved.
    pub(crate) Offices {
        door: Door { out: first },
        first: Office {},
        #[item(standalone)]
        second: Office {},
    }
}

/// Makes calls as somebody who may everything, and keeps in mind which of the document's they were.
struct Caller<'o> {
    open: &'o Open,
    made: BTreeSet<(String, String)>,
    with_a_body: BTreeSet<(String, String)>,
}

impl Caller<'_> {
    /// The answer is one that the document describes: [`Open::call`] looks.
    async fn any(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let answer = self.open.call(self.open.token_of(Role::Admin), method, path, body).await;
        let template = self.open.document.template(method, path).expect("a call of the document");
        let mistakes = self.open.document.mistakes_of_call(method, path, body);
        assert_eq!(mistakes, [""; 0], "{body}");
        if !body.is_empty() {
            self.with_a_body.insert((method.to_owned(), template.clone()));
        }
        self.made.insert((method.to_owned(), template));
        answer
    }

    /// The same of a call that is done.
    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Value {
        let answer = self.any(method, path, body).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        if answer.header("content-type") == Some("application/json") { answer.json() } else { Value::Null }
    }

    async fn get(&mut self, path: &str) -> Value {
        self.ask("GET", &format!("/api/v1/{path}"), "").await
    }

    async fn post(&mut self, path: &str, body: &str) -> Value {
        self.ask("POST", &format!("/api/v1/{path}"), body).await
    }

    /// A message that waits in the queue of the first office, which is paused.
    async fn waiting(&mut self) -> String {
        let sent = self.post("items/first/messages?wait=false", r#"{"ward": "north", "patient": "Ann"}"#).await;
        sent["id"].as_str().unwrap().to_owned()
    }

    /// Settings, tables, items.
    async fn drives(&mut self) {
        self.ask("PUT", "/api/v1/tables/duty/rows/north", "Eve").await;
        self.ask("PUT", "/api/v1/tables/duty", r#"{"south": "Bob", "west": "Joe"}"#).await;
        self.ask("DELETE", "/api/v1/tables/duty/rows/west", "").await;
        for path in ["settings", "tables", "tables/duty", "tables/duty/history"] {
            self.get(path).await;
        }
        self.post("settings/reload", "").await;
        for act in ["stop", "start", "restart", "pause", "resume"] {
            assert_eq!(self.post(&format!("items/second/{act}"), "").await, json!({ "changed": true }), "{act}");
        }
        self.post("alerts/mute?item=first&seconds=60", "").await;
        assert_eq!(self.get("alerts").await["muted"][0]["item"], "first");
    }

    /// Messages that are answered, fail, wait and are decided on.
    async fn sends(&mut self) {
        self.post("services/door", r#"{"ward": "north", "patient": "Ann"}"#).await;
        let failed = self.any("POST", "/api/v1/items/first/messages", r#"{"ward": "hopeless"}"#).await;
        assert_eq!((failed.status, &failed.json()["kind"]), (500, &json!("suspended")));
        let unread = self.any("GET", "/api/v1/search?q=statsu:error", "").await;
        assert_eq!((unread.status, &unread.json()["mistakes"][0]["span"]["start"]), (400, &json!(0)));
        let suspended = self.get("messages?status=suspended").await["messages"][0].clone();
        let id = suspended["id"].as_str().unwrap();
        self.post("items/first/pause", "").await;
        self.post(&format!("messages/{id}/resend"), "").await;
        self.post(&format!("messages/{id}/resend?force=true"), r#"{"ward": "north"}"#).await;
        self.post(&format!("messages/{id}/resume"), "").await;
        for act in ["suspend?reason=later", "move?to=second", "discard?reason=nobody"] {
            let id = self.waiting().await;
            assert_eq!(self.post(&format!("messages/{id}/{act}"), "").await, json!({ "changed": true }), "{act}");
        }
        for path in ["messages/{id}", "messages/{id}?reveal=true", "sessions/{id}?bodies=true"] {
            self.get(&path.replace("{id}", id)).await;
        }
    }

    /// Everything that is only looked at.
    async fn looks(&mut self) {
        for path in [
            "overview",
            "status",
            "items/first",
            "queues",
            "log",
            "audit",
            "audit/verify",
            "graph",
            "graph?form=svg",
            "graph?form=mermaid",
            "types",
            "types/Question",
            "catalogue",
            "openapi.json",
            "events",
            "search?q=from:door",
            "search/count?q=type:Question",
            "search/suggest?q=sta",
            "suspended",
        ] {
            self.get(path).await;
        }
        for path in ["/health/live", "/health/ready", "/metrics"] {
            self.ask("GET", path, "").await;
        }
    }

    /// Searches that are kept, jobs, what leaves and comes in for good.
    async fn works(&mut self) {
        self.ask("PUT", "/api/v1/searches/mine?q=status:suspended", "").await;
        assert_eq!(self.get("searches").await[0]["name"], "mine");
        self.ask("DELETE", "/api/v1/searches/mine", "").await;
        let plan = r#"{"act": "resend", "to": "second", "query": "type:Question", "force": true, "per_second": 1}"#;
        let job = self.post("jobs", plan).await;
        let (number, token) = (&job["number"], job["token"].as_str().unwrap());
        self.post(&format!("jobs/{number}/start?token={token}"), "").await;
        for act in ["pause", "continue", "abort"] {
            self.post(&format!("jobs/{number}/{act}"), "").await;
        }
        for path in ["jobs".to_owned(), format!("jobs/{number}"), format!("jobs/{number}/messages")] {
            self.get(&path).await;
        }
        let exported = self.get("export?q=kind:request").await;
        let lines: Vec<_> = exported["messages"].as_array().unwrap().iter().map(Value::to_string).collect();
        let imported = self.post("import?to=second&dry_run=true", &lines.join("\n")).await;
        assert_eq!(imported["lines"].as_array().unwrap().len(), lines.len());
        let seen = self.post("purge?preview=true&older_than=3600", "").await;
        self.post(&format!("purge?older_than=3600&at={}", seen["at"].as_str().unwrap()), "").await;
        let preview = self.post("purge?preview=true&q=status:completed", "").await;
        let up_to = &preview["up_to"];
        self.post(&format!("purge?q=status:completed&up_to={up_to}"), "").await;
        self.post("store/release", "").await;
        self.post("logout", "").await;
    }
}

#[tokio::test]
async fn every_call_of_the_document_answers_what_the_document_says() {
    let store = MemoryStore::new(std::sync::Arc::new(iop::clock::SystemClock));
    let open = Open::of::<Offices>(store).await;
    let mut caller = Caller { open: &open, made: BTreeSet::new(), with_a_body: BTreeSet::new() };
    caller.drives().await;
    caller.sends().await;
    caller.looks().await;
    caller.works().await;
    let left: Vec<_> = open.document.operations().filter(|of| !caller.made.contains(of)).collect();
    assert!(left.is_empty(), "no test compares the answers of these calls with the document: {left:?}");
    let left: Vec<_> = open.document.with_a_body().filter(|of| !caller.with_a_body.contains(of)).collect();
    assert!(left.is_empty(), "no test compares the bodies of these calls with the document: {left:?}");
    open.close().await;
}

#[test]
fn an_answer_or_a_body_that_the_document_does_not_describe_is_noticed() {
    let schema = |schema: Value| {
        let responses = json!({ "200": { "content": { "application/json": { "schema": schema } } } });
        Document::new(json!({
            "paths": { "/api/v1/things/{id}": { "get": { "responses": responses } } },
            "components": { "schemas": {
                "Thing": {
                    "type": "object",
                    "properties": { "id": { "type": "string" }, "size": { "type": ["integer", "null"] } },
                    "required": ["id"],
                    "oneOf": [
                        { "properties": { "act": { "const": "go" }, "to": { "type": "string" } }, "required": ["act", "to"] },
                        { "properties": { "act": { "const": "stay" } }, "required": ["act"] },
                    ],
                },
            } },
        }))
    };
    let things = schema(json!({ "type": "array", "items": { "$ref": "#/components/schemas/Thing" } }));
    let mistakes = |answer: Value| things.mistakes("GET", "/api/v1/things/7?a=b", 200, "application/json", &answer);
    assert_eq!(
        mistakes(json!([{ "id": "a", "size": null, "act": "go", "to": "b" }, { "id": "b", "act": "stay" }])).len(),
        0
    );
    for (wrong, said) in [
        (json!({ "id": "a" }), "is no array"),
        (json!([{ "act": "stay" }]), "[0] has no `id`"),
        (json!([{ "id": 1, "act": "stay" }]), "[0].id is no string"),
        (json!([{ "id": "a", "act": "stay", "more": 1 }]), "[0] has `more`, which is not described"),
        (json!([{ "id": "a", "act": "stay", "to": "b" }]), "[0] has `to`, which is not described"),
        (json!([{ "id": "a", "act": "run" }]), "[0] is none of 2 forms"),
    ] {
        let found = mistakes(wrong.clone());
        assert!(found.iter().any(|mistake| mistake.contains(said)), "{wrong}: {found:?}");
    }
    let body = json!({ "required": true, "content": { "application/json": { "schema": {
        "anyOf": [{ "$ref": "#/components/schemas/Thing" }],
    } } } });
    let made = Document::new(json!({
        "paths": { "/things": { "post": { "requestBody": body } }, "/nothing": { "post": {} } },
        "components": { "schemas": { "Thing": { "type": "object", "properties": { "id": { "type": "string" } } } } },
    }));
    assert_eq!(made.mistakes_of_call("POST", "/things", r#"{"id": "a"}"#), [""; 0]);
    for (path, body, said) in [
        ("/things", "", "has to have a body"),
        ("/things", r#"{"id": 1}"#, ".id is no string"),
        ("/things", r#"{"idd": "a"}"#, "has `idd`, which is not described"),
        ("/nothing", "{}", "takes a body, which is not described"),
    ] {
        let found = made.mistakes_of_call("POST", path, body);
        assert!(found.iter().any(|mistake| mistake.contains(said)), "{path} {body}: {found:?}");
    }
    let unknown = things.mistakes("GET", "/api/v1/others", 200, "application/json", &json!([]));
    assert_eq!(unknown, ["GET /api/v1/others is not in the document"]);
    let other = things.mistakes("GET", "/api/v1/things/7", 200, "text/plain", &Value::Null);
    assert_eq!(other, ["GET /api/v1/things/{id} answers 200 with `text/plain`, which is not described"]);
}
