//! Who takes the parcels.

use iop::message::Tapped;
use iop::prelude::*;

use super::messages::{AskPrice, Label, Parcel, Price};

/// **Fan-out**: asks every carrier at once and takes the cheapest; a carrier that fails is none.
#[business_process]
pub struct Dispatcher {
    #[target]
    carriers: Targets<(AskPrice, Label)>,
    /// Not wired here: a copy of each label for the customer, where somebody wants them.
    #[target]
    mail: Option<Target<Label>>,
}

#[handlers]
impl Dispatcher {
    async fn dispatch(&mut self, parcel: Parcel, cx: &mut Context) -> Result {
        let carrier = match &parcel.carrier {
            // A name that no carrier has waits for a person.
            Some(wanted) => self.carriers.choose(wanted.as_str()).or_suspend()?,
            None => self.cheapest(&parcel, cx).await?,
        };
        let text = format!("{} by {}: {}", parcel.country, carrier.item(), parcel.contents.join(", "));
        let label = Label { number: parcel.number, text };
        cx.send_to_all(&self.mail, label.clone()).await?;
        cx.send_request_async(carrier, label).response_required(false).await?;
        Ok(())
    }
}

impl Dispatcher {
    async fn cheapest(&self, parcel: &Parcel, cx: &mut Context) -> Result<&Target<(AskPrice, Label)>> {
        let ask = AskPrice { country: parcel.country.clone(), count: u32::try_from(parcel.contents.len())? };
        let offers = cx.call_all(&self.carriers, ask).await;
        let offers = offers.iter().filter_map(|offer| Some((offer.response.as_ref().ok()?.euros, &offer.target)));
        let (_, cheapest) = offers.min().ok_or_else(|| Error::unavailable("no carrier gives a price"))?;
        self.carriers.choose(&**cheapest).or_suspend()
    }
}

/// Carries parcels.
#[business_operation]
pub struct Carrier {
    /// What a parcel costs, in euros.
    #[setting]
    first: u32,
    /// And each line in it.
    #[setting]
    each: u32,
}

#[handlers]
impl Carrier {
    async fn price(&mut self, ask: AskPrice, cx: &mut Context) -> Result<Price> {
        if cx.item() == "bike" && ask.country != "de" {
            return Err(Error::fatal(format!("too far: {}", ask.country)));
        }
        Ok(Price { euros: self.first + self.each * ask.count })
    }

    async fn carry(&mut self, label: Label) -> Result {
        info!("{}", label.text);
        Ok(())
    }
}

/// **Wire tap**: takes copies of any message, here of what the dispatcher receives. Whatever it does, the flow goes on.
#[business_operation]
pub struct Audit;

#[handlers]
impl Audit {
    async fn note(&mut self, copy: Tapped) -> Result {
        info!("{} got {}", copy.item, copy.body["number"].as_str().unwrap_or("a parcel"));
        Ok(())
    }
}
