//! Settings, one route, a list of routes and what the engine is told of an item.

production! {
    /// The smallest production.
    pub HelloWorld {
        /// Ticks.
        clock: Clock { call_interval: "1s", out: greeter, copies: [greeter, printer] },
        #[item(pool_size = 2)]
        greeter: Greeter {},
        #[item(standalone)]
        printer: plant::Printer { title: { TITLE } },
    }
}
