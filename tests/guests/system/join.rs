//! A bolt that tells its two inputs apart by their names.

use petrel_sdk::{Inputs, Output, Tuple, Value, bolt};

#[derive(Tuple)]
pub struct Order<'a> {
    customer: &'a str,
    total: f64,
}

#[derive(Tuple)]
pub struct Customer<'a> {
    customer: &'a str,
    country: &'a str,
}

#[derive(Inputs)]
pub enum Joined<'a> {
    #[input("orders")]
    Order(Order<'a>),
    #[input("customers")]
    Customer(Customer<'a>),
}

#[derive(Tuple)]
pub struct Sale<'a> {
    country: &'a str,
    total: f64,
}

/// Adds the customer's country to each order.
#[bolt(key = "customer")]
pub fn join(input: Joined<'_>, country: &mut Value<String>, out: &mut Output<Sale<'_>>) {
    match input {
        Joined::Customer(customer) => country.set(customer.country.to_owned()),
        Joined::Order(order) => out.emit(Sale { country: country.as_str(), total: order.total }),
    }
}
