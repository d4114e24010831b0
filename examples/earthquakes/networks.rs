//! The operation that knows the seismic networks.

use std::collections::HashMap;

use iop::prelude::*;

use super::messages::{Network, NetworkQuery};

/// Looks a network up by its code.
#[business_operation]
pub struct Networks {
    by_code: HashMap<String, Network>,
}

#[handlers]
impl Networks {
    async fn on_init(&mut self) -> Result {
        let mut table = csv::Reader::from_reader(include_bytes!("data/networks.csv").as_slice());
        for row in table.deserialize() {
            let network: Network = row?;
            self.by_code.insert(network.code.clone(), network);
        }
        Ok(())
    }

    async fn look_up(&mut self, query: NetworkQuery) -> Result<Network> {
        let known = self.by_code.get(&query.code).cloned();
        // An event of a network that nobody has entered is an event all the same.
        Ok(known.unwrap_or(Network { code: query.code, name: None, region: None }))
    }
}
