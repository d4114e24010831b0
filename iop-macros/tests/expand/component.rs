//! A polling service with a setting, targets and a field of its own.

/// Greets a name every few seconds.
#[business_service(poll)]
pub struct Clock {
    /// The pause between two calls.
    #[setting(default = "5s")]
    call_interval: Duration,
    #[setting]
    name: String,
    #[target]
    out: Target<Hello>,
    #[target]
    log: Option<Target<(Hello, Bye)>>,
    ticks: u64,
}
