//! One component without an engine: its handlers are called, and what they do is written down.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::AsyncReadExt as _;

use super::book::{Book, NoResponse};
use super::log::Log;
use super::turns::Request;
use crate::component::{Handlers, ItemConfig, Result, Target};
use crate::message::{Blob, BlobError, Message};
use crate::settings::{Feed, Raw, Snapshot, TableUse, Tables};

/// One component without an engine. Its targets lead to items that have the names of the targets, unless
/// [`wired`](Self::wired) says otherwise.
///
/// ```
/// use iop::prelude::*;
/// use iop::testing::Harness;
///
/// #[message(response = Greeting)]
/// pub struct Hello { pub name: String }
///
/// #[message]
/// pub struct Greeting { pub text: String }
///
/// #[business_operation]
/// pub struct Greeter;
///
/// #[handlers]
/// impl Greeter {
///     async fn greet(&mut self, hello: Hello) -> Result<Greeting> {
///         Ok(Greeting { text: format!("hello {}", hello.name) })
///     }
/// }
///
/// # iop::testing::run(async {
/// let greeting = Harness::of(Greeter).handle(Hello { name: "world".into() }).await.response();
/// assert_eq!(greeting.text, "hello world");
/// # });
/// ```
///
/// Requests that a handler awaits are answered from a script; what it sends is looked at afterwards:
///
/// ```
/// # use iop::prelude::*;
/// # use iop::testing::{Harness, NoResponse};
/// # #[message(response = Price)] pub struct Ask { pub article: String }
/// # #[message] pub struct Price { pub cents: u32 }
/// # #[message] pub struct Entry { pub text: String }
/// #[business_process]
/// pub struct Clerk {
///     #[setting(default = 0)]
///     discount: u32,
///     #[target]
///     shop: Target<Ask>,
///     #[target]
///     ledger: Target<Entry>,
/// }
///
/// #[handlers]
/// impl Clerk {
///     async fn ask(&mut self, ask: Ask, cx: &mut Context) -> Result<Price> {
///         cx.send_request_async(&self.ledger, Entry { text: ask.article.clone() }).response_required(false).await?;
///         let price = cx.send_request_sync(&self.shop, ask).await?;
///         Ok(Price { cents: price.cents - self.discount })
///     }
/// }
///
/// # iop::testing::run(async {
/// let mut harness = Harness::<Clerk>::new().setting("discount", 5).answer(|_: Ask| Ok(Price { cents: 100 }));
/// let handled = harness.handle(Ask { article: "pen".into() }).await;
/// assert_eq!(handled.sent::<Entry>()[0].message.text, "pen");
/// assert_eq!(handled.sent::<Entry>()[0].target, "ledger");
/// assert_eq!(handled.response().cents, 95);
///
/// let mut harness = Harness::<Clerk>::new().answer(|_: Ask| Err(NoResponse::TimedOut));
/// let handled = harness.handle(Ask { article: "pen".into() }).await;
/// assert_eq!(handled.error().to_string(), "`shop` did not respond within 30s");
/// # });
/// ```
pub struct Harness<C: Handlers> {
    component: Option<C>,
    pub(super) item: Arc<str>,
    settings: HashMap<&'static str, Raw>,
    /// Rows of lookup tables, by the name of the table.
    rows: HashMap<String, BTreeMap<String, String>>,
    targets: HashMap<&'static str, Vec<(usize, Arc<str>)>>,
    next_item: usize,
    pub(super) book: Arc<Book>,
    pub(super) log: Log,
    /// The states of the groups, in a process that gathers, by the value of the key.
    pub(super) groups: HashMap<String, Bytes>,
    /// The request that the process works on, once its handler has answered [`Pending`](crate::component::Pending) or
    /// made calls.
    pub(super) request: Option<Request>,
}

impl<C: Handlers> fmt::Debug for Harness<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness").field("item", &self.item).field("component", &C::TYPE.name).finish_non_exhaustive()
    }
}

impl<C: Handlers> Default for Harness<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Handlers> Harness<C> {
    /// Of an instance that is built from its settings, as a worker builds it.
    #[must_use]
    pub fn new() -> Self {
        let mut harness = Self {
            component: None,
            item: C::TYPE.name.to_lowercase().into(),
            settings: HashMap::new(),
            rows: HashMap::new(),
            targets: HashMap::new(),
            next_item: 0,
            book: Arc::default(),
            log: Log::open(),
            groups: HashMap::new(),
            request: None,
        };
        for target in C::TYPE.targets {
            harness.wire(target.name, &[target.name]);
        }
        harness
    }

    /// Of an instance that the test has made; [`target`] makes its targets.
    #[must_use]
    pub fn of(component: C) -> Self {
        Self { component: Some(component), ..Self::new() }
    }

    /// The name of the item: the component's in lower case, where nothing is said.
    #[must_use]
    pub fn named(mut self, item: &str) -> Self {
        self.item = item.into();
        self
    }

    /// A setting, as a value of its type or as text.
    ///
    /// # Panics
    /// Where the component has no such setting, or the value does not fit.
    #[must_use]
    #[track_caller]
    pub fn setting(mut self, name: &str, value: impl Into<Raw>) -> Self {
        let value = value.into();
        let Some(setting) = C::TYPE.all_settings().find(|setting| setting.name == name) else {
            let known: Vec<_> = C::TYPE.all_settings().map(|setting| setting.name).collect();
            panic!("`{}` has no setting `{name}`; it has: {}", C::TYPE.name, known.join(", "));
        };
        if let Err(problem) = (setting.check)(&value) {
            panic!("setting `{name}` of `{}`: {problem}", C::TYPE.name);
        }
        self.settings.insert(setting.name, value);
        self
    }

    /// The rows of a lookup table, by its name; a table without any is empty.
    #[must_use]
    pub fn table<'a>(mut self, name: &str, rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let rows = rows.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        self.rows.insert(name.to_owned(), rows);
        self
    }

    /// The items behind a target; none leaves an optional target unwired.
    ///
    /// # Panics
    /// Where the component has no such target.
    #[must_use]
    #[track_caller]
    pub fn wired(mut self, target: &str, items: &[&str]) -> Self {
        let Some(target) = C::TYPE.targets.iter().find(|known| known.name == target) else {
            let known: Vec<_> = C::TYPE.targets.iter().map(|target| target.name).collect();
            panic!("`{}` has no target `{target}`; it has: {}", C::TYPE.name, known.join(", "));
        };
        self.wire(target.name, items);
        self
    }

    fn wire(&mut self, target: &'static str, items: &[&str]) {
        let first = self.next_item;
        self.next_item += items.len();
        let items = items.iter().enumerate().map(|(at, item)| (first + at, Arc::from(*item))).collect();
        self.targets.insert(target, items);
    }

    /// Answers requests of type `M`, whichever item they go to.
    #[must_use]
    pub fn answer<M: Message>(self, answer: impl FnMut(M) -> Result<M::Response, NoResponse> + Send + 'static) -> Self {
        self.book.script(None, answer);
        self
    }

    /// Answers requests of type `M` to one item, over what [`answer`](Self::answer) says.
    #[must_use]
    pub fn answer_from<M: Message>(
        self,
        item: &str,
        answer: impl FnMut(M) -> Result<M::Response, NoResponse> + Send + 'static,
    ) -> Self {
        self.book.script(Some(item.into()), answer);
        self
    }

    /// Stores a content, to be referred to by a message of the test.
    ///
    /// # Panics
    /// Where it cannot be kept.
    pub async fn store_blob(&self, content: &[u8]) -> Blob {
        let stored = self.book.blobs().write(Box::pin(content)).await;
        stored.unwrap_or_else(|error| panic!("the content cannot be kept: {error}"))
    }

    /// A content, whole: one that the test or the component has stored.
    ///
    /// # Panics
    /// Where nobody has.
    pub async fn content(&self, blob: &Blob) -> Vec<u8> {
        let mut content = Vec::new();
        let read = async {
            self.book.blobs().open(blob.id()).await?.read_to_end(&mut content).await?;
            Ok::<_, BlobError>(())
        };
        read.await.unwrap_or_else(|error| panic!("{blob:?}: {error}"));
        content
    }

    /// The instance.
    ///
    /// # Panics
    /// Where it cannot be built from its settings.
    #[track_caller]
    pub fn component(&mut self) -> &mut C {
        if self.component.is_none() {
            let config = self.config();
            let built = C::build(&config);
            self.component = Some(built.unwrap_or_else(|error| panic!("`{}`: {}", C::TYPE.name, error.chain())));
        }
        self.component.as_mut().unwrap_or_else(|| unreachable!("it was made above"))
    }

    #[track_caller]
    fn config(&self) -> ItemConfig {
        let mut settings = self.settings.clone();
        let mut missing = Vec::new();
        for setting in C::TYPE.all_settings().filter(|setting| !self.settings.contains_key(setting.name)) {
            match setting.default {
                Some(default) => {
                    settings.insert(setting.name, default());
                }
                None if setting.optional => {}
                None => missing.push(format!("`{}` ({})", setting.name, setting.type_name)),
            }
        }
        assert!(missing.is_empty(), "`{}` needs settings: {}", C::TYPE.name, missing.join(", "));
        let feed = Arc::new(Feed::new(Arc::new(self.tables(&settings))));
        ItemConfig {
            item: Arc::clone(&self.item),
            settings,
            targets: self.targets.clone(),
            feed,
            ..ItemConfig::default()
        }
    }

    /// The lookup tables that settings name, with the rows that the test has given.
    fn tables(&self, settings: &HashMap<&'static str, Raw>) -> Tables {
        let names = C::TYPE.all_settings().filter_map(|decl| {
            let (kind, name) = (decl.table?, settings.get(decl.name)?.as_str()?);
            Some((name.to_owned(), TableUse { key: format!("{}.{}", self.item, decl.name), kind }))
        });
        let tables = Tables::used_by(names);
        for name in tables.names() {
            tables.set(&name, Snapshot::new(0, self.rows.get(&*name).cloned().unwrap_or_default()));
        }
        tables
    }

    /// The `#[state]` of the component as JSON.
    ///
    /// # Panics
    /// Where it cannot be written as JSON.
    #[track_caller]
    pub fn state(&mut self) -> serde_json::Value {
        let state = self.component().save_state().and_then(|state| Ok(serde_json::from_slice(&state)?));
        state.unwrap_or_else(|error| panic!("the state of `{}`: {}", C::TYPE.name, error.chain()))
    }
}

/// A target for an instance that a test makes itself: it leads to `item`.
#[must_use]
pub fn target<S, W>(item: &str) -> Target<S, W> {
    Target::to(0, item.into())
}
