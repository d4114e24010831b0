//! What an operation does outside when it is executed a second time.

/// `#[business_operation(effect = "…")]`: what a second execution of the same message does outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing is declared: at least once, with an idempotency key.
    Unsaid,
    /// `idempotent`: the same as the first.
    Idempotent,
    /// `keyed`: nothing, since the outside knows the idempotency key.
    Keyed,
    /// `at_most_once`: harm. The intent is durable before the call, and a message whose call may have happened is
    /// suspended (`in_doubt`) instead of being repeated.
    AtMostOnce,
}
