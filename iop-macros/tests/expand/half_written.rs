//! A production in the middle of being written: what can be read comes out, so that names resolve in an editor.

production! {
    pub HelloWorld {
        clock: Clock { call_interval: "1s", ou },
        second:
        greeter: Greeter {},
    }
}
