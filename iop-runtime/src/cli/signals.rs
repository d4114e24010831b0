//! The signals that end a command, and the one that has a production read its settings again.

use super::exit::Failure;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Stop,
    /// Reading the settings once more.
    Reload,
}

/// Ctrl-C, and what a service manager sends.
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
    /// A terminal that is closed ends what runs in it; without one, the same signal is the custom for a reload.
    #[cfg(unix)]
    in_a_terminal: bool,
}

impl Signals {
    /// Waits until the process shall stop.
    pub(super) async fn stop(&mut self) {
        while self.next().await != Signal::Stop {}
    }

    #[cfg(unix)]
    pub(super) fn listen() -> Result<Self, Failure> {
        use std::io::IsTerminal;

        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(Failure::failed)?,
            terminate: signal(SignalKind::terminate()).map_err(Failure::failed)?,
            hang_up: signal(SignalKind::hangup()).map_err(Failure::failed)?,
            in_a_terminal: std::io::stdin().is_terminal(),
        })
    }

    #[cfg(unix)]
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.hang_up.recv() => if self.in_a_terminal { Signal::Stop } else { Signal::Reload },
        }
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Stop
    }
}
