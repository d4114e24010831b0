//! `iop::testing` as the tests of whole productions use it: what they say often, in few words.

use std::ops::Deref;
use std::sync::Arc;

use iop::clock::TokioClock;
use iop::component::Component;
use iop::engine::{ChangeChoice, Stop};
use iop::message::{Message, MessageId};
use iop::production::Production;
use iop::store::{EventQuery, Store};
use iop::testing::{TestProduction, TestRun};
use serde::de::DeserializeOwned;

/// A running production.
#[derive(Debug)]
pub struct Rig(TestRun);

impl Deref for Rig {
    type Target = TestRun;

    fn deref(&self) -> &TestRun {
        &self.0
    }
}

impl Rig {
    /// Starts `P` on an empty store.
    pub async fn start<P: Production>() -> Self {
        Self::with_settings::<P>(&[]).await
    }

    /// Starts `P` with settings as they would stand behind `--set`.
    pub async fn with_settings<P: Production>(set: &[&str]) -> Self {
        Self(prepared::<P>(set).start().await)
    }

    /// Starts `P` on what `store` holds.
    pub async fn on_store<P: Production>(store: Arc<dyn Store>, clock: Arc<TokioClock>, set: &[&str]) -> Self {
        Self(prepared::<P>(set).store(store, clock).start().await)
    }

    /// The same where types have changed: what does not fit is suspended.
    pub async fn on_changed_store<P: Production>(store: Arc<dyn Store>, clock: Arc<TokioClock>) -> Self {
        let changes = ChangeChoice { hold_changed: true, ..ChangeChoice::default() };
        Self(prepared::<P>(&[]).changes(changes).store(store, clock).start().await)
    }

    /// Sends a message to an item and waits for its response.
    ///
    /// # Panics
    /// Where there is none, with the reason.
    pub async fn call<M: Message>(&self, item: &str, message: &M) -> M::Response {
        self.try_call(item, message).await.unwrap_or_else(|error| panic!("{item}: {error}"))
    }

    /// Sends a message to an item and waits for its response or its failure.
    ///
    /// # Errors
    /// What the director says.
    pub async fn try_call<M: Message>(
        &self,
        item: &str,
        message: &M,
    ) -> Result<M::Response, iop::director::DirectorError> {
        let body = serde_json::to_vec(message).expect("a message is JSON");
        let called = self.director().call_json(item, Some(M::TYPE.name), &body, None).await?;
        let response = called.response.as_deref().unwrap_or(b"null");
        Ok(serde_json::from_slice(response).expect("the response is of its type"))
    }

    /// The stored body of a message as any type that fits it.
    ///
    /// # Panics
    /// Where it does not fit.
    pub async fn json<T: DeserializeOwned>(&self, id: MessageId) -> T {
        let found = self.store().find(id).await.expect("the store answers").expect("the message is stored");
        serde_json::from_slice(&found.body).expect("the body is of its type")
    }

    /// What handlers of a component said in an item: lines of the module of `C`, without the engine's.
    pub async fn said_by<C: Component>(&self, item: &str) -> Vec<String> {
        let module = C::TYPE.rust_path.rsplit_once("::").map_or("", |(module, _)| module);
        let lines = self.events(EventQuery { item: Some(item.into()), ..EventQuery::default() }).await;
        lines.into_iter().filter(|line| line.module == module).map(|line| line.text).collect()
    }

    /// Drops the production in whatever it is doing, as a crash would; its store, ready for the next one.
    pub async fn crash(self) -> Arc<dyn Store> {
        self.0.end().await
    }

    /// Stops the production; its store, as it is then.
    pub async fn stop(self, how: Stop) -> Arc<dyn Store> {
        self.0.stop(how).await
    }
}

fn prepared<P: Production>(set: &[&str]) -> TestProduction<P> {
    set.iter().fold(TestProduction::new(), |production, setting| {
        let (key, value) = setting.split_once('=').expect("a setting is `item.name=value`");
        production.setting(key, value)
    })
}
