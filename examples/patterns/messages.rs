//! What travels through the warehouse.

use iop::prelude::*;

#[message(response = Receipt)]
pub struct PurchaseOrder {
    #[key]
    pub number: String,
    pub country: String,
    /// The carrier that the customer wants; the cheapest one where this is left out.
    #[serde(default)]
    pub carrier: Option<String>,
    pub goods: Vec<Goods>,
}

#[message]
pub struct Receipt {
    pub text: String,
}

#[message(part)]
#[derive(Debug, Clone)]
pub struct Goods {
    pub name: String,
    pub kind: Kind,
}

#[message(part)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Book,
    Music,
    Food,
    Animal,
    Gift,
}

/// One line of an order. Its key is the split that it comes from: whoever gathers by it gets the lines of one order.
#[message]
pub struct Line {
    #[key]
    pub piece: Piece,
    pub head: Head,
    pub goods: Goods,
}

/// What each line says of its order, so that a parcel can be made of the lines alone.
#[message(part)]
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub number: String,
    pub country: String,
    pub carrier: Option<String>,
}

#[message]
pub struct Picked {
    #[key]
    pub piece: Piece,
    pub head: Head,
    pub what: String,
}

#[message]
#[derive(Debug, PartialEq, Eq)]
pub struct Parcel {
    #[key]
    pub number: String,
    pub country: String,
    pub carrier: Option<String>,
    /// In the order of the lines.
    pub contents: Vec<String>,
    /// Lines of which nothing came in time, counted from 0.
    pub missing: Vec<u64>,
}

#[message(response = Price)]
#[derive(Clone)]
pub struct AskPrice {
    pub country: String,
    pub count: u32,
}

#[message]
pub struct Price {
    pub euros: u32,
}

#[message]
#[derive(Clone)]
pub struct Label {
    #[key]
    pub number: String,
    pub text: String,
}
