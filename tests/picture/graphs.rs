//! Graphs to draw: some that are written down, and as many as needed that are generated.

use iop::picture::layout::{Column, Line, Sketch};
use iop::production::GraphDocument;
use serde_json::{Value, json};

/// A production from items (`service feed: FeedFolder`) and routes (`feed out splitter: Feed`), one a line.
pub(crate) fn production(name: &str, text: &str) -> GraphDocument {
    let (mut items, mut routes): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (left, right) = line.split_once(": ").unwrap();
        match left.split(' ').collect::<Vec<_>>()[..] {
            [kind, name] => items.push(item(kind, name, right)),
            [from, target, to] => routes.push(
                json!({"from": from, "target": target, "to": to, "messages": right.split(", ").collect::<Vec<_>>()}),
            ),
            _ => panic!("neither an item nor a route: {line}"),
        }
    }
    let document = json!({"production": name, "doc": "", "items": items, "routes": routes});
    serde_json::from_value(document).unwrap()
}

fn item(kind: &str, name: &str, component: &str) -> Value {
    let entrance = if kind == "service" { "adapter" } else { "queue" };
    json!({"name": name, "doc": "", "kind": kind, "component": component, "entrance": entrance, "messages": [],
           "settings": []})
}

/// Fifteen items, with a cycle.
pub(crate) fn hospital() -> GraphDocument {
    production(
        "Hospital",
        "service sched_poll: PollingService
         service hl7_in: MllpService
         service kafka_in: KafkaService
         service orders_http: HttpService
         service csv_in: FileService
         process router: MessageRouter
         process lab_flow: LabProcess
         process admit_flow: AdmitProcess
         process error_handler: BadMessageHandler
         process enrich: EnrichProcess
         operation lis_rest: RestOperation
         operation email_alert: EmailOperation
         operation ehr_out: MllpOperation
         operation sql_store: SqlOperation
         operation sftp_out: SftpOperation
         sched_poll out lab_flow: Tick
         hl7_in out router: Hl7
         kafka_in out router: Order
         orders_http out router: Order
         orders_http audit sql_store: Row
         csv_in rows enrich: CsvRow
         csv_in copy sftp_out: File
         router lab lab_flow: LabOrder
         router admit admit_flow: Admission
         router bad error_handler: Bad
         lab_flow lis lis_rest: LisOrder
         lab_flow bad error_handler: Bad
         lab_flow ehr ehr_out: Hl7
         error_handler again router: Hl7
         error_handler mail email_alert: Mail
         admit_flow ehr ehr_out: Hl7
         admit_flow store sql_store: Row
         admit_flow enrich enrich: Patient
         enrich store sql_store: Row
         enrich file sftp_out: File",
    )
}

/// What of a production is laid out.
pub(crate) fn sketch(document: &GraphDocument) -> Sketch {
    let index = |name: &str| document.items.iter().position(|item| item.name == name).unwrap();
    let column = |kind: &str| match kind {
        "service" => Column::First,
        "operation" => Column::Last,
        _ => Column::Between,
    };
    let lines = document.routes.iter();
    Sketch {
        box_width: 160.0,
        items: document.items.iter().map(|item| column(&item.kind)).collect(),
        lines: lines.map(|route| Line { from: index(&route.from), to: index(&route.to), label: 60.0 }).collect(),
    }
}

/// Items of every kind with lines of every kind, also such as no production has: operations that send, cycles, lines
/// from an item to itself. Every seed gives another graph, and always the same.
pub(crate) fn generated(items: usize, seed: u64) -> Sketch {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ items as u64 | 1;
    let mut below = move |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % limit as u64) as usize
    };
    let columns: Vec<Column> = (0..items)
        .map(|_| match below(4) {
            0 => Column::First,
            1 => Column::Last,
            _ => Column::Between,
        })
        .collect();
    let rank = |item: usize| match columns[item] {
        Column::First => 0,
        Column::Between => 1,
        Column::Last => 2,
    };
    let mut lines: Vec<Line> = Vec::new();
    for _ in 0..items * 3 {
        let (from, to) = (below(items), below(items));
        let onwards = rank(from) < rank(to) || (rank(from) == 1 && rank(to) == 1 && from < to && to - from < 12);
        let label = if below(3) == 0 { 80.0 } else { 0.0 };
        if (onwards || below(10) == 0) && !lines.iter().any(|line| (line.from, line.to) == (from, to)) {
            lines.push(Line { from, to, label });
        }
    }
    Sketch { box_width: 160.0, items: columns, lines }
}
