//! A production to be tested: orders come in, a process asks two laboratories, an operation prints what came of it.

use std::sync::{Arc, Mutex};

use iop::prelude::*;
use iop::settings::Secret;

#[message(response = Report)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    #[key]
    pub number: String,
    pub amounts: Vec<u32>,
}

#[message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub lines: Vec<String>,
}

#[message(response = Value)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    pub amount: u32,
}

#[message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub value: u32,
}

#[message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
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

/// Has every amount measured, the first also by the second laboratory, and prints a line for each.
#[business_process]
pub struct Ward {
    /// What is added to each value.
    #[setting(default = 0)]
    pub offset: u32,
    #[target]
    lab: Target<Measure>,
    #[target]
    second: Option<Target<Measure>>,
    #[target]
    printer: Target<Line>,
    #[state]
    lines: Vec<String>,
}

#[handlers]
impl Ward {
    async fn order(&mut self, order: Order, cx: &mut Context) -> Result<Pending> {
        if order.amounts.is_empty() {
            return Err(Error::fatal("nothing to measure"));
        }
        for (number, amount) in order.amounts.iter().enumerate() {
            let measure = Measure { amount: *amount };
            cx.send_request_async(&self.lab, measure).completion_key(number.to_string()).await?;
        }
        if let Some(second) = &self.second {
            let measure = Measure { amount: order.amounts[0] };
            cx.send_request_async(second, measure).completion_key("second").await?;
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Measure>, cx: &mut Context) -> Result {
        let value = match response.result {
            Ok(value) => (value.value + self.offset).to_string(),
            Err(error) => error.to_string(),
        };
        let text = format!("{}: {value}", response.completion_key);
        cx.send_request_async(&self.printer, Line { text: text.clone() }).response_required(false).await?;
        self.lines.push(text);
        Ok(())
    }

    async fn on_complete(&mut self, _order: Order) -> Result<Report> {
        self.lines.sort();
        Ok(Report { lines: std::mem::take(&mut self.lines) })
    }
}

/// Talks to a device that no test has.
#[business_operation]
pub struct Device {
    #[setting]
    password: Secret,
}

#[handlers]
impl Device {
    async fn measure(&mut self, _: Measure) -> Result<Value> {
        let length = self.password.expose().len();
        Err(Error::unavailable(format!("no device; the password has {length} letters")))
    }
}

/// Prints on what there is.
#[business_operation]
pub struct Printer;

#[handlers]
impl Printer {
    async fn print(&mut self, line: Line) -> Result {
        info!("printed {}", line.text);
        Ok(())
    }
}

/// Prints into the test.
#[business_operation]
pub struct Paper {
    lines: Lines,
}

#[handlers]
impl Paper {
    async fn print(&mut self, line: Line) -> Result {
        self.lines.0.lock().unwrap().push(line.text);
        Ok(())
    }
}

/// What [`Paper`] has printed.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub fn paper(&self) -> impl Fn() -> Paper + Send + Sync + 'static {
        let lines = self.clone();
        move || Paper { lines: lines.clone() }
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

production! {
    /// A ward with a device.
    pub Hospital {
        intake: Intake { out: ward },
        ward: Ward { lab: device, second: other, printer: printer },
        device: Device {},
        other: Device {},
        printer: Printer {},
    }
}
