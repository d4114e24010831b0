// Hostile texts in everything that a page shows: bodies, names in bodies, keys, errors, lines of the log, descriptions, reasons,
// names of people, settings, lookup tables, queries, addresses. Nothing of them runs, and each is shown as the text that it is.

import { api, browser, check, end, enter, test, until, url } from "./kit.mjs";
import { CORPUS } from "./corpus.mjs";

/** What is left of a text on a page: what turns text around or moves the cursor is a replacement character. */
const plain = (text) => text.replace(/[^\p{L}\p{N}<>(){}'"=/:;.,&#$%@*!?`-]/gu, "");
const encoded = encodeURIComponent;

const said = [];
for (const [name, text] of Object.entries(CORPUS)) {
  const short = text.slice(0, 200);
  const body = { word: short, text, whose: text, more: { [short]: text, __proto__x: "y" }, fails: true };
  const { status, answer } = await api("POST", "/api/v1/items/ear/messages", body);
  check(status === 200, `${name}: ${status} ${JSON.stringify(answer)}`);
  said.push({ name, text, session: answer.session, id: answer.id });
  // A key of a table may be refused; a value is any text.
  await api("PUT", `/api/v1/tables/words/rows/${encoded(`k${said.length}`)}`, text);
  if (short.trim() !== "") await api("PUT", `/api/v1/tables/words/rows/${encoded(short)}?by=${encoded(short)}`, "x");
}

const suspended = await until("all of it is suspended", async () => {
  const { answer } = await api("GET", "/api/v1/search?q=status:suspended%20to:mouth&limit=500");
  return answer.messages?.length === said.length && answer.messages;
}, 60_000);
const of = (session) => suspended.find((message) => message.session === session);

const page = await enter();
// Where a picture is read as if it was opened from a disk: without the policy of the pages.
const desk = await (await browser.newContext()).newPage();

/** Follows what could be set off by pointing, by the keyboard or by time. */
async function provoke() {
  await page.mouse.move(400, 300);
  await page.mouse.move(700, 420);
  await page.keyboard.press("Tab");
  await page.keyboard.press("j");
}

async function shows(path, text, name) {
  await page.goto(url + path, { timeout: 60_000 });
  await provoke();
  const shown = plain(await page.evaluate(() => document.documentElement.innerText
    + [...document.querySelectorAll("textarea, input")].map((field) => field.value).join(" ")
    + [...document.querySelectorAll("[title], text, title")].map((element) => element.getAttribute("title") ?? element.textContent).join(" ")));
  const wanted = plain(text.slice(0, 60)).slice(0, 40);
  check(shown.includes(wanted), `${path} does not show ${name}: ${wanted}`);
  await nothingStrange(path, name);
}

/** Fails where the page has elements or attributes that none of ours has. What is no page is shown by the browser's own. */
async function nothingStrange(path, name) {
  const strange = await page.evaluate(() => (document.contentType === "text/html" ? [...document.querySelectorAll(
    "main script, iframe, object, embed, base, meta[http-equiv], style, marquee, math, video, audio, img[src='x'], [onerror], [onload], [onfocus], [onclick], [style]")]
    .map((element) => element.outerHTML.slice(0, 80)) : [...document.querySelectorAll("script")].map((element) => element.outerHTML)));
  check(strange.length === 0, `${path}: of ${name} is part of the page: ${strange[0]}`);
}

/** Whether a picture that is saved is well formed, and has nothing that runs or is loaded when it is opened. */
function isPlain(svg) {
  return desk.evaluate((text) => {
    const picture = new DOMParser().parseFromString(text, "image/svg+xml");
    const runs = (element) => ["script", "foreignObject", "image", "iframe", "img", "animate", "set", "parsererror"].includes(element.localName)
      || [...element.attributes].some(({ name, value }) => name.startsWith("on") || /^\s*(javascript|data|https?):/i.test(value) && name !== "xmlns");
    return picture.documentElement.localName === "svg" && ![...picture.querySelectorAll("*")].some(runs);
  }, svg);
}

for (const { name, text, session } of said) {
  await test(name, page, async () => {
    const failed = of(session);
    for (const tab of ["body", "header", "log"]) {
      await shows(`/trace/${session}?m=${failed.id}&tab=${tab}`, tab === "body" || tab === "header" ? text.slice(0, 40).split("\n")[0] : "", name);
    }
    await page.goto(`${url}/trace/${session}?m=${failed.id}`);
    await page.locator("[data-reveal]").click();
    await page.locator("[data-reveal]").waitFor({ state: "detached" });
  });
}

await test("pages with all of it", page, async () => {
  const script = CORPUS.script;
  await shows("/", script, "script");
  await shows("/messages", script, "script");
  await shows("/log", script, "script");
  await shows("/suspended", script, "script");
  await shows("/items/mouth", script, "script");
  await shows("/queues/mouth", "", "anything");
  await shows("/tables/words", script, "script");
  await shows("/settings", "<script>alert('setting')</script>", "the setting");
  for (const { session } of said.slice(0, 12)) {
    for (const view of ["timeline", "tree"]) await shows(`/trace/${session}?view=${view}`, "", "anything");
    await shows(`/?session=${session}`, "", "anything");
    const { status, answer } = await api("GET", `/trace/${session}/picture.svg`);
    check(status === 200 && await isPlain(answer), `the picture of ${session}: ${answer.slice(0, 300)}`);
  }
});

await test("addresses with all of it", page, async () => {
  page.expected = [/40[0-9]/, /ERR_/];
  for (const [index, [name, text]] of Object.entries(CORPUS).entries()) {
    const short = encoded(text.slice(0, 300));
    const paths = [`/messages?q=${short}`, `/messages?q=key.word:%22${short}%22`, `/log?text=${short}`, `/log?item=${short}&level=${short}`,
      `/items/${short}`, `/trace/${short}`, `/queues/${short}`, `/tables/${short}`, `/settings?q=${short}`, `/audit?who=${short}&action=${short}`,
      `/suspended?item=${short}`, `/test?item=${short}&type=${short}`, `/?session=${short}`];
    // All of them for the first; then three of them in turn, so that each address meets a dozen texts.
    const asked = index === 0 ? paths : [0, 1, 2].map((step) => paths[(index * 3 + step) % paths.length]);
    for (const path of asked) {
      await page.goto(url + path).catch((error) => { if (!/ERR_/.test(error.message)) throw error; });
      await nothingStrange(path, name);
    }
  }
});

await test("completion of a query with all of it", page, async () => {
  await page.goto(`${url}/messages`);
  const field = page.locator("[data-search]");
  for (const text of ["key.word:", "key.word:<", "key.word:\"<s", "error:", "to:m"]) {
    await field.fill("");
    await field.pressSequentially(text);
    await page.waitForLoadState("networkidle");
  }
  check(await page.locator("main script, main img[src='x'], [onerror]").count() === 0, "a suggestion is part of the page");
});

await test("a form filled with all of it", page, async () => {
  for (const { session } of said.slice(0, 20)) {
    await page.goto(`${url}/test?from=${of(session).id}`);
    await page.locator("[data-fields] label").first().waitFor();
    await page.locator("[data-json]").press("End");
    await provoke();
  }
});

await test("reasons and names of people in the audit log", page, async () => {
  for (const { name, text, session } of said) {
    const short = encoded(text.slice(0, 200));
    const { status, answer } = await api("POST", `/api/v1/messages/${of(session).id}/discard?reason=${short}&by=${short}`);
    check([200, 400, 422].includes(status), `${name}: ${status} ${JSON.stringify(answer)}`);
  }
  await shows("/audit", CORPUS.script, "script");
  await shows("/messages?q=status:discarded", "", "anything");
  await shows(`/trace/${said[0].session}?m=${of(said[0].session).id}&tab=log`, CORPUS.script, "script");
});

await test("names and queries of saved searches", page, async () => {
  for (const text of Object.values(CORPUS)) {
    const short = text.slice(0, 60);
    const query = `key.word:"${text.slice(0, 200).replace(/[\\"]/g, "\\$&")}"`;
    await api("PUT", `/api/v1/searches/${encoded(short)}?q=${encoded(query)}`);
  }
  const kept = (await api("GET", "/api/v1/searches")).answer.length;
  check(kept > 20, `${kept} are kept`);
  await shows("/messages", CORPUS.script, "script");
  check(await page.locator(".chip.kept").count() === kept, "not each of them is shown once");
});

await test("the log as it is written", page, async () => {
  await page.goto(`${url}/log`);
  await page.locator("[data-tail]").click();
  for (const text of Object.values(CORPUS).slice(0, 40)) {
    await api("POST", "/api/v1/items/ear/messages", { word: "new", text, whose: "", more: {}, fails: false });
  }
  await api("POST", "/api/v1/items/ear/messages", { word: "new", text: "the last one", whose: "", more: {}, fails: false });
  await page.locator("[data-log] tbody tr", { hasText: "the last one" }).first().waitFor();
  check(await page.locator("main script, main img, [onerror], [style]").count() === 0, "a line is part of the page");
});

await end();
