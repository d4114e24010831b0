//! A small laboratory: the production behind the tests of settings, graph, command line and HTTP entrance.

#![allow(missing_docs, missing_debug_implementations, reason = "components of tests document themselves")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use iop::prelude::*;
use iop::settings::Secret;

/// What is to be measured.
#[message(response = Report)]
#[derive(Clone)]
pub struct Order {
    /// `poison` fails for good, `loud` is full of control characters, `abort` ends the process at once. While there is a
    /// file `hold`, `held` waits, and `blocks` and `spins` do not give their thread back.
    #[key]
    pub number: String,
    #[sensitive]
    pub patient: Option<String>,
    pub amounts: Vec<u32>,
}

/// What was measured.
#[message]
pub struct Report {
    pub sum: u32,
}

/// Takes orders from whoever calls.
#[business_service]
pub struct Intake {
    #[target]
    out: Target<Order>,
}

#[handlers]
impl Intake {
    async fn on_process_input(&mut self, order: Order, cx: &mut Context) -> Result<Report> {
        info!("order {} came in", order.number);
        Ok(cx.send_request_sync(&self.out, order).await?)
    }
}

/// Makes one order, when it is called first.
#[business_service(poll)]
pub struct Nightly {
    /// Which order.
    #[setting(default = "N-1")]
    number: String,
    #[target]
    out: Target<Order>,
    sent: bool,
}

#[handlers]
impl Nightly {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        if !self.sent {
            let order = Order { number: self.number.clone(), patient: None, amounts: vec![1, 2] };
            cx.send_request_sync(&self.out, order).await?;
            self.sent = true;
        }
        Ok(())
    }
}

/// Measures.
#[business_operation]
pub struct Analyser {
    /// Written when an instance is initialised.
    #[setting]
    trace_file: Option<PathBuf>,
    /// How often it measures.
    #[setting(default = 1)]
    repetitions: u32,
    /// Of the device.
    #[setting]
    password: Option<Secret>,
}

#[handlers]
impl Analyser {
    async fn on_init(&mut self) -> Result {
        if let Some(file) = &self.trace_file {
            std::fs::write(file, "initialised")?;
        }
        Ok(())
    }

    async fn measure(&mut self, order: Order) -> Result<Report> {
        let has_password = self.password.is_some();
        match order.number.as_str() {
            "poison" => Err(Error::fatal("there is no such substance")),
            "loud" => {
                warn!("patient \u{1b}[31m{}\u{1b}[0m\nforged line", "shouts");
                Ok(Report { sum: 0 })
            }
            "held" => {
                while Path::new("hold").exists() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Ok(Report { sum: 0 })
            }
            "abort" => std::process::abort(),
            "blocks" => {
                while Path::new("hold").exists() {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Ok(Report { sum: 0 })
            }
            "spins" => {
                while Path::new("hold").exists() {
                    std::hint::spin_loop();
                }
                Ok(Report { sum: 0 })
            }
            _ => {
                info!(has_password, "measured {}", order.number);
                Ok(Report { sum: self.repetitions * order.amounts.iter().sum::<u32>() })
            }
        }
    }
}

production! {
    /// A small laboratory.
    pub Lab {
        intake: Intake { out: analyser },
        #[item(enabled = false)]
        nightly: Nightly { number: "N-2", call_interval: "1h", out: analyser },
        #[item(pool_size = 2)]
        analyser: Analyser { repetitions: 3 },
    }
}
