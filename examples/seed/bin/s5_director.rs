//! Runs the production and the web application of `s5_director.rs`.

use std::error::Error;
use std::net::SocketAddr;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    iop_examples::seed::s5_director::serve(SocketAddr::from(([127, 0, 0, 1], 5001))).await
}
