//! Inputs that come again: repeated by a sender, and after an acknowledgement that was lost on the way.

use std::time::Duration;

use super::kills::{kept, repeated};
use super::trial::Trial;
use crate::client::Client;
use crate::driver::{order, put_file};
use crate::figures::Figure;
use crate::scenarios::Scale;
use crate::trouble::{Result, until};

/// Posts an order under its key until it is taken.
fn post(client: &mut Client, number: u64, lane: &str) -> Result<()> {
    let body = order(number, lane, "", 20);
    until("an order is taken", Duration::from_secs(60), || {
        let answer = client.post("/api/v1/services/intake", &format!("order-{number}"), &body);
        Ok(answer.is_ok_and(|answer| answer.status < 300))
    })
    .map(drop)
}

/// Scenario 17: every input three times, over kills and starts.
pub(super) fn again(scale: Scale) -> Result<Vec<Figure>> {
    let inputs = scale.of(400, 10_000);
    let trial = Trial::new()?;
    std::fs::create_dir_all(trial.site.inbox())?;
    for round in 0..3 {
        let engine = trial.site.start()?;
        let lanes: Vec<_> = (0..8_u64)
            .map(|lane| {
                let (ledger, store) = (trial.ledger.clone(), trial.site.store());
                std::thread::spawn(move || -> Result<()> {
                    let mut client = Client::of(&store);
                    let name = format!("http-{lane}");
                    for place in 0..inputs / 8 {
                        let number = if round == 0 { ledger.send(&name)? } else { 1 + lane + 8 * place };
                        // The numbers of the first round belong to whoever was first.
                        post(&mut client, number, if round == 0 { &name } else { "again" })?;
                        if round == 0 {
                            ledger.acknowledge(number, &name)?;
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        for lane in lanes {
            lane.join().map_err(|_| "a sender panicked")??;
        }
        // The same files, under the same names.
        for file in 0..20_u64 {
            let name = format!("{file:08}.json");
            let number = 1_000_000 + file;
            put_file(&trial.site.inbox(), &name, &order(number, &format!("file-{file}"), "", 20))?;
        }
        until("the files are taken", Duration::from_secs(60), || {
            Ok((0..20).all(|file| !trial.site.inbox().join(format!("{file:08}.json")).exists()))
        })?;
        engine.kill()?;
    }
    let verdict = {
        trial.site.drain()?;
        let mut evidence = crate::audit::Evidence {
            sent: trial.ledger.sent(),
            acked: trial.ledger.acked(),
            delivered: trial.site.target.delivered(),
            rows: crate::books::read(&trial.site.store())?,
        };
        evidence.sent.extend(1_000_000..1_000_020);
        crate::audit::judge(&evidence).holds()?
    };
    let desks =
        crate::books::read(&trial.site.store())?.iter().filter(|row| row.is("Order") && row.target == "desk").count();
    let inputs = inputs / 8 * 8 + 20;
    let mut figures = kept(&verdict)?;
    figures.push(Figure::promise(
        "effects inside of inputs that came three times",
        inputs,
        desks,
        desks as u64 == inputs,
    )?);
    figures.push(repeated(&verdict));
    Ok(figures)
}

/// Scenario 18: the connection ends between the request and its answer, and the sender comes again.
pub(super) fn ambiguous(scale: Scale) -> Result<Vec<Figure>> {
    let calls = scale.of(200, 2_000);
    let trial = Trial::new()?;
    let engine = trial.site.start()?;
    let mut client = Client::of(&trial.site.store());
    for _ in 0..calls {
        let number = trial.ledger.send("left")?;
        let body = order(number, "left", "", 20);
        Client::of(&trial.site.store()).post_and_leave("/api/v1/services/intake", &format!("order-{number}"), &body)?;
        post(&mut client, number, "left")?;
        trial.ledger.acknowledge(number, "left")?;
    }
    drop(engine);
    let verdict = trial.finish()?;
    let mut figures = kept(&verdict)?;
    figures.push(Figure::shown("calls whose first answer nobody heard", calls));
    Ok(figures)
}
