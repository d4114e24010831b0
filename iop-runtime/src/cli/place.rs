//! Where a command changes something: in the production that runs or, where none runs, in its store. Both are asked the same
//! calls.

use std::sync::Arc;

use bytes::Bytes;
use hyper::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::arguments::SettingsArguments;
use super::exit::{Exit, Failure};
use super::remote::{Answer, Remote};
use super::settings::mistakes;
use super::{Program, linked, store, who};
use crate::clock::SystemClock;
use crate::director::http::Inside;
use crate::director::{Caller, Director};
use crate::settings::StoreChoice;

/// Where something is changed.
pub(crate) enum Place {
    /// In the store, which nobody else has open.
    Here(Box<Director>, Inside),
    /// In a production that runs.
    There(Remote),
}

impl Program {
    /// The production, or its store where nobody has it.
    pub(crate) fn place(self, settings: &SettingsArguments) -> Result<Place, Failure> {
        if let Some(remote) = Remote::named(settings)? {
            return Ok(Place::There(remote));
        }
        linked()?;
        let resolved = self.resolve(settings).map_err(|errors| mistakes(&errors, Exit::CheckFailed))?;
        let StoreChoice::Sqlite(directory) = &resolved.engine.store else {
            let problem =
                "a production that keeps its messages in memory cannot be found by its store; name it with `--url`";
            return Err(Failure::new(Exit::NotRunning, problem));
        };
        if !directory.exists() {
            return Err(Failure::found_nothing(format!("there is no store {}", directory.display())));
        }
        match store::open(&resolved.engine) {
            Ok(store) => {
                let director = Director::at_rest(resolved, store, Arc::new(SystemClock));
                let calls = Inside::of(director.clone(), Caller::of_the_process(&who()));
                Ok(Place::Here(Box::new(director), calls))
            }
            Err(failure) if failure.exit == Exit::Refused => Remote::of(directory).map(Place::There),
            Err(failure) => Err(failure),
        }
    }
}

impl Place {
    /// One call, and its answer as a value.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, Failure> {
        match self {
            Self::Here(_, calls) => {
                let (status, body) = calls.call(method, path, body).await.map_err(Failure::failed)?;
                let body = Answer::of(status, body).accepted()?;
                serde_json::from_slice(&body).map_err(Failure::failed)
            }
            Self::There(remote) => remote.ask(method, path, body).await,
        }
    }

    /// Asks for something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    /// Has something done.
    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.ask(Method::POST, path, Bytes::new()).await
    }

    /// Has something done that takes more to say than fits a path.
    pub(crate) async fn post_json<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.ask(Method::POST, path, serde_json::to_vec(body)?.into()).await
    }

    /// What was done is on the disk, and the store is free for others.
    pub(crate) async fn close(&self) -> Result<(), Failure> {
        match self {
            Self::Here(director, _) => director.store().close().await.map_err(Failure::failed),
            Self::There(_) => Ok(()),
        }
    }
}
