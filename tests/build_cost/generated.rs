//! Productions of any size: a line of processes, each with a message type, a component and an item of its own, which
//! await each other, and all of which send lines to one archive. So every proof over the graph has its longest way.

use std::fmt::Write;

/// The source of a program with `items` items.
pub(crate) fn production(items: usize) -> String {
    let mut source = components(items);
    let last = items - 2;
    source.push_str("production! {\n    /// A line of processes.\n    pub Line {\n");
    line(&mut source, format_args!("        require order fifo from step1 to step{last};"));
    line(&mut source, format_args!("        intake: Step0 {{ limit: 3, next: step1, archive: archive }},"));
    for step in 1..=last {
        let next = if step == last { String::new() } else { format!("next: step{}, ", step + 1) };
        line(&mut source, format_args!("        #[item(order = fifo, failing = block, timeout = \"5s\")]"));
        line(&mut source, format_args!("        step{step}: Step{step} {{ limit: 3, {next}archive: archive }},"));
    }
    line(&mut source, format_args!("        archive: Archive {{}},"));
    source.push_str("        alerts none;\n    }\n}\n\nfn main() -> ExitCode {\n    iop::run::<Line>()\n}\n");
    source
}

/// The same without its `production!`.
fn components(items: usize) -> String {
    let last = items - 2;
    let mut source = String::from("//! Generated.\n#![allow(dead_code)]\n\nuse iop::prelude::*;\n\n");
    source.push_str("#[message]\npub struct Entry {\n    pub text: String,\n}\n\n");
    source.push_str("#[message]\npub struct Done {\n    pub sum: u64,\n}\n\n");
    for step in 0..=last {
        component(&mut source, step, last);
    }
    source.push_str("/// Keeps lines.\n#[business_operation]\npub struct Archive;\n\n#[handlers]\nimpl Archive {\n");
    source.push_str("    async fn entry(&mut self, entry: Entry) -> Result {\n        info!(\"{}\", entry.text);\n");
    source.push_str("        Ok(())\n    }\n}\n\n");
    source
}

/// Routes of such a production.
pub(crate) fn routes(items: usize) -> usize {
    2 * (items - 2) + 1
}

fn component(source: &mut String, step: usize, last: usize) {
    let next = step + 1;
    line(source, format_args!("#[message(response = Done)]\npub struct Message{step} {{"));
    line(
        source,
        format_args!("    #[key]\n    pub number: String,\n    pub amount: u64,\n    pub note: Option<String>,\n}}\n"),
    );
    let kind = if step == 0 { "business_service" } else { "business_process" };
    line(source, format_args!("/// Step {step}.\n#[{kind}]\npub struct Step{step} {{"));
    line(
        source,
        format_args!("    /// How much it adds.\n    #[setting(default = 1, min = 0, max = 9)]\n    limit: u64,"),
    );
    if step < last {
        line(source, format_args!("    #[target]\n    next: Target<Message{next}>,"));
    }
    line(source, format_args!("    #[target]\n    archive: Target<Entry>,\n}}\n"));
    let handler = if step == 0 { "on_process_input" } else { "step" };
    line(source, format_args!("#[handlers]\nimpl Step{step} {{"));
    let arguments = format!("&mut self, message: Message{step}, cx: &mut Context");
    line(source, format_args!("    async fn {handler}({arguments}) -> Result<Done> {{"));
    line(source, format_args!("        let text = format!(\"changed {step}: {{}}\", message.number);"));
    line(
        source,
        format_args!("        cx.send_request_async(&self.archive, Entry {{ text }}).response_required(false).await?;"),
    );
    if step < last {
        let fields = "number: message.number, amount: message.amount, note: message.note";
        line(source, format_args!("        let next = Message{next} {{ {fields} }};"));
        line(source, format_args!("        let done = cx.send_request_sync(&self.next, next).await?;"));
        line(source, format_args!("        Ok(Done {{ sum: done.sum + self.limit }})"));
    } else {
        line(source, format_args!("        Ok(Done {{ sum: message.amount + self.limit }})"));
    }
    source.push_str("    }\n}\n\n");
}

fn line(source: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(source, "{line}");
}
