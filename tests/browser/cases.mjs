// What a person does who looks after a production: from finding out what is wrong to putting it right, one case each.

import { readFileSync } from "node:fs";

import { api, browser, check, end, enter, test, tokenOf, until, url } from "./kit.mjs";
import { fail, found, order, send, succeed } from "./hospital.mjs";

const first = await fail();
const done = await succeed();
const page = await enter();
const text = async (selector, on = page) => (await on.locator(selector).first().textContent()) ?? "";
const go = (path, on = page) => on.goto(url + path);

/** Opens the message and confirms what a button of it asks. */
async function confirmed(button, fields = {}, on = page) {
  await on.locator(button).first().click();
  await on.locator("dialog[open]").waitFor();
  const said = await text("dialog[open]", on);
  for (const [name, value] of Object.entries(fields)) await on.locator(`dialog[open] [name=${name}]`).fill(value);
  await on.locator("dialog[open] [data-confirm]").click();
  return said;
}

await test("from the printed address to the message that failed in three clicks", page, async () => {
  check((await text("[data-trouble]")).includes("lis_rest"), "the first page does not say who needs somebody");
  const row = page.locator("tr", { has: page.locator("td", { hasText: "LabRequest" }) }).filter({ hasText: "503 Service Unavailable" });
  await row.locator("a[data-open]").first().click();
  await page.waitForURL(/\/trace\//);
  const panel = await text("#panel");
  check(panel.includes("503 Service Unavailable") && panel.includes(first.order_id), `the panel says: ${panel}`);
  check(page.url().includes(first.failed), "another message is chosen");
});

await test("a search is completed while it is written", page, async () => {
  await go("/messages");
  const field = page.locator("[data-search]");
  await field.click();
  await field.pressSequentially("status:susp");
  await page.locator("[role=option]", { hasText: "suspended" }).first().waitFor();
  await field.press("ArrowDown");
  await field.press("Tab");
  check((await field.inputValue()).startsWith("status:suspended"), `the field has ${await field.inputValue()}`);
  await field.press("Enter");
  await page.waitForURL(/q=status%3Asuspended/);
  const rows = await page.locator("[data-messages] tbody tr").count();
  check(rows === (await found("status:suspended")).length && rows > 0, `${rows} rows`);
});

await test("Escape closes what is suggested and leaves what is written", page, async () => {
  await go("/messages");
  const field = page.locator("[data-search]");
  await field.click();
  await field.pressSequentially("status:");
  await page.locator("[role=option]").first().waitFor();
  await field.press("Escape");
  await page.locator("[role=listbox]").waitFor({ state: "hidden" });
  check(await field.inputValue() === "status:", `the field has \`${await field.inputValue()}\``);
});

await test("a mistake in a search is answered with what was probably meant", page, async () => {
  await go("/messages?q=statsu:suspended");
  check((await text("[role=alert]")).includes("did you mean"), await text("[role=alert]"));
  await page.locator("[role=alert] a").click();
  await page.waitForURL((to) => to.searchParams.get("q") === "status:suspended");
});

await test("a message is resent and arrives", page, async () => {
  await go(`/trace/${done.session}?m=${done.entry}`);
  const said = await confirmed("[data-resend]");
  check(said.includes("A new message with the same body goes to ehr_out"), said);
  await page.waitForURL((to) => to.searchParams.get("m") && to.searchParams.get("m") !== done.entry);
  const resent = new URL(page.url()).searchParams.get("m");
  check((await text("#panel")).includes("Resent from"), "the new message does not name the old one");
  await until("it is completed", async () => (await found(`id:${resent}`))[0]?.status === "completed");
  await page.reload();
  check((await text("#panel header")).includes("completed"), await text("#panel header"));
  await go(`/trace/${done.session}?m=${done.entry}`);
  check((await text("#panel")).includes("Resent as"), "the old message does not name the new one");
});

await test("what is edited and does not fit its type is refused with the field and queues nothing", page, async () => {
  await go(`/trace/${first.session}?m=${first.failed}`);
  await page.locator("[data-edit]").click();
  await page.waitForURL(/\/test\?from=/);
  await page.locator("[data-fields] label").first().waitFor();
  const before = (await found("type:LabRequest")).length;
  const json = page.locator("[data-json]");
  const body = JSON.parse(await json.inputValue());
  check(body.patient.name === "Ada Byron", "the body is not whole");
  await json.fill(JSON.stringify({ ...body, patient: { ...body.patient, ward: 3 } }));
  page.expected = [/422/];
  await page.locator("button[data-send]").click();
  await page.locator("[data-problem]:not([hidden])").waitFor();
  const problem = await text("[data-problem]");
  check(problem.startsWith("patient.ward: "), problem);
  check((await found("type:LabRequest")).length === before, "a message was queued all the same");
});

await test("what is edited well goes to its item and is linked to where it is from", page, async () => {
  const body = JSON.parse(await page.locator("[data-json]").inputValue());
  body.order_id = order().order_id;
  body.patient.ward = "ICU";
  await page.locator("[data-json]").fill(JSON.stringify(body));
  await page.locator("button[data-send]").click();
  await page.waitForURL(/\/trace\//);
  check((await text("#panel")).includes("Resent from"), "the new message does not name the old one");
  const id = new URL(page.url()).searchParams.get("m");
  await until("it is completed", async () => (await found(`id:${id}`))[0]?.status === "completed");
});

await test("the diagram changes while it is looked at without the page being loaded again", page, async () => {
  await go("/");
  await page.evaluate(() => { window.sameDocument = true; });
  const asked = [];
  const note = (request) => asked.push(new URL(request.url()).pathname);
  page.on("request", note);
  const badge = page.locator('[data-item="lis_rest"] [data-badge] text');
  const [suspended, rate] = [Number(await badge.textContent()), await text('[data-item="sql_store"] [data-rate]')];
  await Promise.all([fail(), ...Array.from({ length: 12 }, () => send())]);
  await until("one more is suspended", async () => Number(await badge.textContent()) === suspended + 1);
  await until("the rate rises", async () => (await text('[data-item="sql_store"] [data-rate]')) !== rate);
  check(await page.evaluate(() => window.sameDocument === true), "the page was loaded again");
  page.off("request", note);
  // What is shown comes by one stream; only rows that come and go are fetched with their page. A browser asks for the icon when it likes.
  const others = asked.filter((path) => path !== "/" && !path.startsWith("/assets/"));
  check(others.length === 0, `it asks for ${others}`);
  await page.locator('a:has([data-item="lab_flow"])').hover();
  check(await page.locator('[data-item="lis_rest"].is-near').count() === 1, "a neighbour is not shown");
  check(await page.locator('[data-item="sftp_out"].is-near').count() === 0, "who is no neighbour is shown");
});

await test("what needs somebody comes to the page by itself, and waits while somebody points at the list", page, async () => {
  await go("/");
  await page.evaluate(() => { window.sameDocument = true; });
  const row = (failed) => page.locator(`[data-part=problems] a[href$="${failed}"]`).first();
  await page.mouse.move(1, 1);
  const one = await fail();
  await row(one.failed).waitFor();
  await page.locator("[data-part=problems] tbody tr").first().hover();
  const other = await fail();
  await page.locator("[data-changed]", { hasText: "This page has changed." }).waitFor();
  check(await row(other.failed).count() === 0, "a row moves below the pointer");
  await page.mouse.move(1, 1);
  await row(other.failed).waitFor();
  await page.locator("[data-changed]").waitFor({ state: "detached" });
  check(await page.evaluate(() => window.sameDocument === true), "the page was loaded again");
});

await test("a session that is under way is drawn on while somebody looks", page, async () => {
  const sent = order();
  const { answer } = await api("POST", "/api/v1/items/orders_http/messages?wait=false", sent);
  await go(`/trace/${answer.session}`);
  await page.evaluate(() => { window.sameDocument = true; });
  await page.locator("[data-part=state] .tag.completed").waitFor();
  const views = async () => (await api("GET", `/api/v1/audit?action=body.view&object=${encodeURIComponent(`message ${answer.id}`)}`)).answer.entries.length;
  const before = await views();
  const again = await api("POST", `/api/v1/messages/${answer.id}/resend`);
  await page.locator(`.iop-sequence [data-message="${again.answer.id}"]`).first().waitFor();
  check(await page.evaluate(() => window.sameDocument === true), "the page was loaded again");
  check(await views() === before, "looking on is noted as looking at a body");
});

await test("a page whose production is gone says so", page, async () => {
  page.expected = [/ERR_FAILED/, /Failed to load resource/];
  await page.route("**/live/**", (route) => route.abort());
  await go("/queues");
  await page.locator("[data-lost]", { hasText: "not reached" }).waitFor();
  check((await text("[data-lamp=running]")) === "not reached", await text("[data-lamp=running]"));
  await page.unroute("**/live/**");
  await page.locator("[data-lost]").waitFor({ state: "detached" });
  await until("the lamp is lit again", async () => (await text("[data-lamp=running]")) !== "not reached");
});

await test("a page that nobody looks at holds no connection, and is as it should be when it is looked at again", page, async () => {
  await go("/");
  await page.evaluate(() => { window.sameDocument = true; });
  const badge = page.locator('[data-item="lis_rest"] [data-badge] text');
  const looks = (hidden) => page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  const streams = (request) => new URL(request.url()).pathname.startsWith("/live/");
  const [closed] = await Promise.all([page.waitForEvent("requestfailed", streams), looks(true)]);
  check(closed !== null, "the stream goes on");
  const before = Number(await badge.textContent());
  let asked = 0;
  const note = () => { asked += 1; };
  page.on("request", note);
  await fail();
  check(asked === 0 && Number(await badge.textContent()) === before, `it has asked ${asked} times`);
  page.off("request", note);
  await looks(false);
  await until("what has changed is shown", async () => Number(await badge.textContent()) === before + 1);
  check(await page.evaluate(() => window.sameDocument === true), "the page was loaded again");
});

await test("a form made from the type sends a message and leads to its trace", page, async () => {
  await go("/test?item=orders_http");
  const wanted = order();
  const field = page.locator("[data-fields] label", { hasText: /^order id/ });
  await page.locator(`#${await field.first().getAttribute("for")}`).fill(wanted.order_id);
  await until("the JSON follows", async () => JSON.parse(await page.locator("[data-json]").inputValue()).order_id === wanted.order_id);
  await page.locator("button[data-send]").click();
  await page.waitForURL(/\/trace\//);
  check((await text("#panel")).includes(wanted.order_id), await text("#panel"));
  check(await page.locator(".iop-sequence [data-message]").count() >= 2, "the trace is empty");
});

await test("a form has the parts, lists, choices, variants, days and what may be left out of a type", page, async () => {
  const json = async () => JSON.parse(await page.locator("[data-json]").inputValue());
  const labelled = (name) => page.locator("[data-fields]").getByLabel(name, { exact: true });
  await go("/test?item=router&type=LabOrder");
  await labelled("order id").fill("ORD-FORM");
  await labelled("mrn").fill("4471123");
  await page.locator("fieldset", { has: page.locator("legend", { hasText: "tests" }) }).last().getByRole("button", { name: "Add one" }).click();
  await labelled("tests 2").fill("CREA");
  await labelled("urgency").selectOption("Stat");
  const taken = page.locator("[data-fields] input[type=date]");
  if (await taken.count() === 0) await labelled("taken is given").check();
  await taken.fill("2026-02-28");
  await labelled("note is given").uncheck();
  await until("the JSON has all of it", async () => JSON.stringify(await json()).includes("2026-02-28"));
  const order = await json();
  check(order.order_id === "ORD-FORM" && order.patient.mrn === "4471123" && order.tests.join() === "text,CREA" && order.urgency === "Stat"
    && order.taken === "2026-02-28" && !("note" in order), JSON.stringify(order));
  // A variant with parts of its own takes the place of another.
  await go("/test?item=router&type=WardMessage");
  await labelled("event: which").selectOption({ label: "Ordered" });
  await labelled("order id").fill("ORD-7");
  await page.locator("[data-fields]").getByRole("button", { name: "Add one" }).click();
  await labelled("tests 1").fill("GLU");
  await until("the JSON has the variant", async () => (await json()).event.Ordered?.tests?.[0] === "GLU");
  await labelled("event: which").selectOption({ label: "Admitted" });
  await until("the JSON has the other", async () => "Admitted" in (await json()).event && !("Ordered" in (await json()).event));
  // What is written as JSON is in the form at once.
  const body = { control_id: "M-1", event: { Ordered: { order_id: "ORD-8", tests: ["NA", "K"], urgency: "Urgent" } }, patient: { mrn: "1", name: "N", ward: "W" } };
  await page.locator("[data-json]").fill(JSON.stringify(body));
  check(await labelled("tests 2").inputValue() === "K" && await labelled("order id").inputValue() === "ORD-8", "the form does not follow");
});

await test("a rule is muted for a time that is chosen, and speaks again", page, async () => {
  await fail();
  await until("an alert holds", async () => (await api("GET", "/api/v1/alerts")).answer.conditions.length > 0);
  await go("/alerts");
  await page.locator("[data-mute]").first().click();
  await page.locator("dialog[open] [name=seconds]").selectOption({ label: "8 hours" });
  await page.locator("dialog[open] [data-confirm]").click();
  await page.locator("button", { hasText: "Let it speak" }).waitFor();
  const { muted } = (await api("GET", "/api/v1/alerts")).answer;
  const hours = (new Date(muted[0].until) - Date.now()) / 3_600_000;
  check(hours > 7.8 && hours <= 8, `${hours} hours`);
  await page.locator("button", { hasText: "Let it speak" }).first().click();
  await page.locator("button", { hasText: "Let it speak" }).waitFor({ state: "detached" });
});

await test("settings that somebody has set are found among all of them", page, async () => {
  await go("/settings");
  const rows = page.locator("[data-settings] tbody tr");
  const all = await rows.count();
  await page.locator(".chip", { hasText: "set by somebody" }).click();
  await page.waitForURL(/set=true/);
  const set = await rows.count();
  check(set > 0 && set < all, `${set} of ${all}`);
  check(await page.locator("[data-settings] tbody tr:not(.set)").count() === 0, "one is as in code");
  await page.locator("[id='lis_rest.backoff']", { hasText: "10ms" }).waitFor();
});

await test("an item is stopped and started, and the question says what becomes of its queue", page, async () => {
  await go("/items/sftp_out");
  const said = await confirmed("[data-stop]");
  check(said.includes("Its queue stays and grows"), said);
  await page.locator("[data-start]").waitFor({ state: "visible" });
  check((await text("main header .tag")).includes("stopped"), await text("main header .tag"));
  const lamp = (await text("[data-lamp=running]"));
  check(/^\d+ of 15 stopped/.test(lamp), lamp);
  await confirmed("[data-start]");
  await page.locator("[data-stop]").waitFor({ state: "visible" });
});

await test("a question that is cancelled does nothing", page, async () => {
  await page.locator("[data-stop]").click();
  await page.locator("dialog[open] button", { hasText: "Cancel" }).click();
  await page.reload();
  check(await page.locator("[data-stop]").isVisible(), "the item was stopped");
});

await test("a group of suspended messages is discarded with a reason", page, async () => {
  await go("/suspended?item=lis_rest");
  const before = (await found("status:suspended to:lis_rest")).length;
  check(before >= 2, `${before} wait`);
  await page.locator("[data-group] button", { hasText: "Discard all" }).first().click();
  const dialog = page.locator("dialog[open]");
  await dialog.locator("[name=reason]").fill("the laboratory has them on paper");
  await dialog.locator("[data-confirm]").click();
  // What was found is counted first, and done when that is confirmed.
  await dialog.locator("[data-confirm]", { hasText: `Discard ${before}` }).click();
  await page.waitForURL(/\/jobs\/\d+$/);
  await page.locator("[data-jobs] .tag.completed").waitFor();
  await page.locator("[data-job-lines] td.wide", { hasNotText: "waits" }).nth(before - 1).waitFor();
  await until("all are discarded", async () => (await found("status:suspended to:lis_rest")).length === 0);
  await page.locator("[data-jobs]", { hasText: "the laboratory has them on paper" }).waitFor();
  const left = await found("status:discarded to:lis_rest");
  check(left.length >= before, `${left.length} are discarded`);
});

await test("what waits in a queue is not moved to an item that does not take it", page, async () => {
  const waiting = await fail();
  await go("/queues/lis_rest");
  await page.locator("[data-job=move]").click();
  const dialog = page.locator("dialog[open]");
  await dialog.locator("[name=to]").fill("sftp_out");
  // The browser notes every answer that is a refusal.
  page.expected = [/409/];
  await dialog.locator("[data-confirm]").click();
  await dialog.locator("[role=alert]", { hasText: "`sftp_out` does not take" }).waitFor();
  check((await found(`id:${waiting.failed}`))[0].target === "lis_rest", "it was moved all the same");
  await page.keyboard.press("Escape");
});

await test("an item is paused and goes on, and one message that waits for it is moved to another that takes its type", page, async () => {
  await go("/items/router");
  const said = await confirmed("[data-pause]");
  check(said.includes("takes nothing more"), said);
  await page.locator("[data-resume]").waitFor({ state: "visible" });
  check((await text("main header .tag")).includes("paused"), await text("main header .tag"));
  await page.locator("[data-lamp=running]", { hasText: "paused" }).or(page.locator("[data-lamp=running]", { hasText: "down" })).waitFor();
  // Its sender waits for the response of the router.
  const { order_id } = await send(false, false);
  const waiting = async () => (await found(`to:router status:queued key.order_id:${order_id}`))[0];
  const { id } = await until("it waits for the router", waiting);
  await go("/queues/router");
  const row = page.locator(`tr[data-href$="${id}"]`);
  await row.locator("[data-move]").click();
  const items = page.locator("dialog[open] datalist option");
  await items.first().waitFor({ state: "attached" });
  const offered = await items.evaluateAll((all) => all.map((option) => option.value));
  check(offered.includes("lab_flow") && !offered.includes("lis_rest"), `offered: ${offered}`);
  await page.locator("dialog[open] [name=to]").fill("lab_flow");
  await page.locator("dialog[open] [data-confirm]").click();
  await until("the other item has worked on it", async () => {
    const [moved] = await found(`id:${id}`);
    return moved.target === "lab_flow" && moved.status === "completed";
  });
  await go("/items/router");
  await confirmed("[data-resume]");
  await page.locator("[data-pause]").waitFor({ state: "visible" });
});

await test("everything that waits in a queue is discarded with a reason", page, async () => {
  await go("/items/email_alert");
  await confirmed("[data-pause]");
  await page.locator("[data-resume]").waitFor({ state: "visible" });
  await Promise.all([fail(), fail()]);
  const waiting = async () => (await found("to:email_alert status:queued")).length;
  await until("two mails wait", async () => (await waiting()) === 2);
  await go("/queues/email_alert");
  await page.locator("[data-job=discard]").click();
  const dialog = page.locator("dialog[open]");
  await dialog.locator("[name=reason]").fill("they have been told by telephone");
  await dialog.locator("[data-confirm]").click();
  await dialog.locator("[data-confirm]", { hasText: "Discard 2" }).click();
  await page.waitForURL(/\/jobs\/\d+$/);
  await page.locator("[data-jobs] .tag.completed").waitFor();
  check(await waiting() === 0, "something waits still");
  check((await found("to:email_alert status:discarded")).length === 2, "not both are discarded");
  await go("/items/email_alert");
  await confirmed("[data-resume]");
  await page.locator("[data-pause]").waitFor({ state: "visible" });
});

await test("a search is saved under a name, is a click away, and is deleted", page, async () => {
  const query = `key.order_id:${first.order_id} status:suspended,discarded`;
  await go(`/messages?q=${encodeURIComponent(query)}`);
  await confirmed("[data-keep]", { name: "the first order, & what became of it" });
  const kept = page.locator(".chip.kept", { hasText: "the first order, & what became of it" });
  await kept.waitFor();
  await go("/messages");
  await kept.locator("a").click();
  await page.waitForURL((to) => to.searchParams.get("q") === query);
  check(await kept.locator("a[aria-current]").count() === 1, "the page does not know the search again");
  check(await page.locator("[data-keep]").count() === 0, "what is saved is offered to be saved");
  const viewer = await enter("viewer");
  await go("/messages", viewer);
  check(await viewer.locator(".chip.kept a").count() === 1, "others do not find it");
  check(await viewer.locator(".chip.kept button").count() === 0, "a viewer may delete it");
  await viewer.context().close();
  await confirmed(".chip.kept button");
  await kept.waitFor({ state: "detached" });
});

await test("what a purge would remove is shown before, and just that is removed", page, async () => {
  const [gone, kept] = [await succeed(), await succeed()];
  await until("the session is over", async () => (await found(`session:${gone.session} status:open`)).length === 0);
  const all = (await found(`session:${gone.session}`)).length;
  await go(`/messages?q=session:${gone.session}`);
  await page.locator("[data-purge]").click();
  const dialog = page.locator("dialog[open]");
  await dialog.locator("[data-confirm]").click();
  await dialog.locator("[data-preview]", { hasText: `Messages${all}` }).waitFor();
  check((await found(`session:${gone.session}`)).length === all, "looking removes something");
  await dialog.locator("[data-confirm]", { hasText: `Remove ${all} messages` }).click();
  await page.locator(".toast", { hasText: `${all} messages removed.` }).waitFor();
  check((await found(`session:${gone.session}`)).length === 0, "it is still there");
  check((await found(`session:${kept.session}`)).length > 0, "more was removed than was shown");
});

await test("the store says how large it is, and what is kept no longer", page, async () => {
  const before = (await api("GET", "/api/v1/search/count?q=")).answer.count;
  await go("/store");
  check(/\d (kB|MB)/.test(await text(".figure .much")), await text(".figure .much"));
  check((await text("[data-settings]")).includes("iop.retention"), await text("[data-settings]"));
  await page.locator("[data-purge]").click();
  const dialog = page.locator("dialog[open]");
  // What the settings say: everything is kept for ever.
  await dialog.locator("[data-confirm]").click();
  await dialog.locator("[data-preview]", { hasText: "Messages0" }).waitFor();
  check(await dialog.locator("[data-confirm]").isDisabled(), "nothing can be removed");
  await page.keyboard.press("Escape");
  await page.locator("[data-purge]").click();
  await dialog.locator("[name=days]").fill("0");
  await dialog.locator("[data-confirm]").click();
  await dialog.locator("[data-confirm]", { hasText: /Remove [1-9]/ }).waitFor();
  await dialog.locator("button", { hasText: "Cancel" }).click();
  check((await api("GET", "/api/v1/search/count?q=")).answer.count >= before, "a look removes something");
});

await test("new lines of the log come in by themselves", page, async () => {
  await go("/log");
  await page.locator("[data-tail]").click();
  const { order_id } = await send(true);
  await page.locator("[data-log] tbody tr", { hasText: order_id }).first().waitFor({ timeout: 30_000 });
  await page.locator("[data-tail]").click();
});

await test("masked values are shown to who asks, and that is in the audit log", page, async () => {
  const shown = await succeed();
  await go(`/trace/${shown.session}?m=${shown.entry}`);
  check(!(await text("#panel")).includes("Ada Byron"), "the name is shown unasked");
  await page.locator("[data-reveal]").click();
  await page.locator("[data-body]", { hasText: "Ada Byron" }).waitFor();
  await go("/audit");
  const row = page.locator("tr", { hasText: "body.reveal" }).first();
  check((await row.innerHTML()).includes(shown.entry), await row.innerHTML());
});

await test("all of it can be reached with the keyboard", page, async () => {
  await go("/");
  await page.keyboard.press("?");
  await page.locator("dialog[open]", { hasText: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await page.waitForURL(/\/messages$/);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const chosen = page.locator("tr[aria-selected=true]");
  check(await chosen.count() === 1, "no row is chosen");
  const id = await chosen.getAttribute("data-id");
  await page.keyboard.press("Enter");
  await page.waitForURL((to) => to.searchParams.get("m") === id);
  await go("/messages");
  await page.keyboard.press("/");
  check(await page.evaluate(() => document.activeElement?.getAttribute("name") === "q"), "the search is not chosen");
});

await test("light and dark are remembered", page, async () => {
  await go("/");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.locator("[data-theme-toggle]").click();
  const dark = await ground();
  check(light !== dark, `both are ${light}`);
  await page.reload();
  check(await ground() === dark, "it is forgotten");
  await page.locator("[data-theme-toggle]").click();
});

await test("an address shows somebody else the same", page, async () => {
  await go(`/messages?q=${encodeURIComponent(`key.order_id:${first.order_id}`)}`);
  const ids = () => page.locator("[data-messages] tbody tr").evaluateAll((rows) => rows.map((row) => row.dataset.id).join());
  const mine = await ids();
  const other = await enter("reader");
  await go(new URL(page.url()).pathname + new URL(page.url()).search, other);
  const theirs = await other.locator("[data-messages] tbody tr").evaluateAll((rows) => rows.map((row) => row.dataset.id).join());
  check(mine !== "" && mine === theirs, `${mine} and ${theirs}`);
  await go(`/trace/${first.session}?m=${first.failed}&tab=attempts`, other);
  check((await text("#panel", other)).includes("503"), await text("#panel", other));
  await other.context().close();
});

await test("what a search has found is saved as CSV and as lines of JSON", page, async () => {
  await go(`/messages?q=${encodeURIComponent(`key.order_id:${first.order_id}`)}`);
  const rows = await page.locator("[data-messages] tbody tr").count();
  const saved = async (name) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
    return readFileSync(await download.path(), "utf8").trim().split(/\r?\n/);
  };
  const csv = await saved("CSV");
  check(csv.length === rows + 1 && csv[0].startsWith("id,session"), `${csv.length} lines: ${csv[0]}`);
  const lines = (await saved("JSONL")).map((line) => JSON.parse(line));
  check(lines.length === rows && lines.every((line) => csv.join().includes(line.id)), `${lines.length} lines`);
});

await test("a viewer is offered nothing that is not theirs, and is refused it", page, async () => {
  const viewer = await enter("viewer");
  const waiting = await fail();
  for (const path of ["/", "/items/sftp_out", "/queues", "/queues/lis_rest", "/suspended", "/settings", "/store", "/messages?q=status:suspended",
    `/trace/${waiting.session}?m=${waiting.failed}`]) {
    await go(path, viewer);
    const offered = await viewer.locator("main [data-act], [data-job], [data-edit], [data-reveal], [data-reload], [data-row], [data-purge]").count();
    check(offered === 0, `${path} offers ${offered} buttons`);
    check(!(await viewer.content()).includes("4471123"), `${path} shows a number of a patient`);
  }
  check(!(await text("nav", viewer)).includes("Audit"), "the audit log is offered");
  // What is refused is no page, and has no icon.
  viewer.expected = [/403/, /404/];
  for (const path of ["/audit", "/test"]) {
    const response = await go(path, viewer);
    check(response.status() === 403, `${path}: ${response.status()}`);
    check((await text("h1", viewer)) === "This is not for your role", await viewer.content());
  }
  await go("/", viewer);
  const refused = await viewer.evaluate(async (id) => {
    const ask = (path) => fetch(path, { method: "POST", headers: { "X-Iop-Csrf": "1" } }).then((answer) => answer.status);
    return [await ask("/api/v1/items/sftp_out/stop"), await ask(`/api/v1/messages/${id}/discard?reason=none`), await ask("/api/v1/jobs")];
  }, waiting.failed);
  check(refused.join() === "403,403,403", refused.join());
  check((await found(`id:${waiting.failed}`))[0].status === "suspended", "the message was discarded all the same");
  await viewer.context().close();
});

await test("a reader sees bodies and is offered no act, an operator acts and is offered nothing of an admin", page, async () => {
  const waiting = await fail();
  const trace = `/trace/${waiting.session}?m=${waiting.failed}`;
  const paths = ["/items/sftp_out", "/queues", "/queues/lis_rest", "/suspended", "/settings", "/tables", "/alerts", "/jobs", "/store", "/messages?q=status:suspended", trace];
  const reader = await enter("reader");
  for (const path of paths) {
    await go(path, reader);
    const offered = await reader.locator("main [data-act], [data-job], [data-edit], [data-reload], [data-row], [data-purge]").count();
    check(offered === 0, `${path} offers a reader ${offered} acts`);
  }
  check((await text("[data-body]", reader)).includes(waiting.order_id), "a reader sees no body");
  check(await reader.locator("[data-reveal]").isVisible(), "a reader cannot ask for what is masked");
  const operator = await enter("operator");
  await go(trace, operator);
  check(await operator.locator("[data-resend]").isVisible(), "an operator cannot resend");
  for (const path of paths) {
    await go(path, operator);
    const offered = await operator.locator("[data-reload], [data-row], [data-purge]").count();
    check(offered === 0, `${path} offers an operator ${offered} acts of an admin`);
  }
  check(!(await text("nav", operator)).includes("Audit"), "the audit log is offered to an operator");
  for (const [role, path] of [["reader", `/api/v1/messages/${waiting.failed}/resend`], ["reader", "/api/v1/alerts/mute"], ["operator", "/api/v1/settings/reload"], ["operator", "/api/v1/purge"]]) {
    const { status } = await api("POST", path, undefined, tokenOf(role));
    check(status === 403, `${role} ${path}: ${status}`);
  }
  await reader.context().close();
  await operator.context().close();
});

await test("who is nobody sees nothing, and a token is never in an address that is kept", page, async () => {
  const context = await browser.newContext();
  const stranger = await context.newPage();
  for (const path of ["/", "/messages", `/trace/${first.session}`, "/api/v1/status"]) {
    const response = await stranger.goto(url + path);
    const shown = await stranger.content();
    check(response.status() === 401 || new URL(response.url()).pathname === "/login", `${path}: ${response.status()}`);
    check(!shown.includes("lis_rest") && !shown.includes("hospital"), `${path} shows something`);
  }
  // Who follows a link is asked who they are, and led on to it.
  const wanted = `/messages?q=${encodeURIComponent("status:suspended since:1h")}`;
  await stranger.goto(url + wanted);
  await stranger.locator("[name=token]").fill("no-token");
  await stranger.locator("button").click();
  await stranger.locator("[role=alert]", { hasText: "nobody's token" }).waitFor();
  await stranger.locator("[name=token]").fill(tokenOf("viewer"));
  await stranger.locator("button").click();
  await stranger.waitForURL(url + wanted);
  await stranger.locator(".foot button", { hasText: "Log out" }).click();
  await stranger.waitForURL(`${url}/login`);
  await stranger.goto(url);
  check(new URL(stranger.url()).pathname === "/login", "who has logged out sees a page");
  await context.close();
  const { status } = await api("POST", "/api/v1/items/sftp_out/stop", undefined, tokenOf("reader"));
  check(status === 403, `a reader stops an item: ${status}`);
});

await end();
