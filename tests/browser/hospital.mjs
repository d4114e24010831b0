// What is done to the hospital: orders that come to an end, and orders that its laboratory refuses.

import { api, check, until } from "./kit.mjs";

let number = 1000;

/** Whether the laboratory's system of `programs/hospital/operations.rs` refuses an order. */
function isRefused(id) {
  return [...Buffer.from(id)].reduce((sum, byte) => ((sum * 31) % 9973) + byte, 7) % 23 === 0;
}

function next(refused) {
  do number += 1; while (isRefused(`ORD-${number}`) !== refused);
  return `ORD-${number}`;
}

/** An order that nobody has sent yet. */
export function order(refused = false) {
  return {
    order_id: next(refused),
    patient: { mrn: "4471123", name: "Ada Byron", ward: "3 North" },
    tests: ["GLU"],
    urgency: "Urgent",
    note: "fasting",
  };
}

/** Sends an order, and answers with it and its session. */
export async function send(refused = false, wait = true) {
  const body = order(refused);
  const { status, answer } = await api("POST", `/api/v1/items/orders_http/messages?wait=${wait}`, body);
  check(status === 200, `${status}: ${JSON.stringify(answer)}`);
  return { ...body, session: answer.session, id: answer.id };
}

/** What a query finds. */
export async function found(query) {
  return (await api("GET", `/api/v1/search?q=${encodeURIComponent(query)}&limit=200`)).answer.messages;
}

/** Sends an order that is refused, and waits for the message that it leaves behind. */
export async function fail() {
  const sent = await send(true);
  const [message] = await until("a message is suspended", async () => {
    const messages = await found(`status:suspended to:lis_rest key.order_id:${sent.order_id}`);
    return messages.length > 0 && messages;
  });
  return { ...sent, failed: message.id };
}

/** Sends an order, and waits until its result is in the record. */
export async function succeed() {
  const sent = await send();
  const [entry] = await until("the result is entered", async () => {
    const messages = await found(`status:completed to:ehr_out key.reference:${sent.order_id}`);
    return messages.length > 0 && messages;
  });
  return { ...sent, entry: entry.id };
}
