// What the scripts have in common: a browser, pages that are watched, and a report of cases.
//
// Nothing that a page does may be surprising: errors of a script, reports of the policy, dialogs and requests to another host
// fail the case in which they happen, unless it says that it expects them.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const needed = createRequire(join(process.env.MODULES, "package.json"));
const { chromium } = needed("playwright-core");

export const url = process.env.CONSOLE_URL;
export const admin = process.env.CONSOLE_TOKEN;
export const axeSource = readFileSync(needed.resolve("axe-core/axe.min.js"), "utf8");
export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });

const tokens = new Map(readFileSync(process.env.CONSOLE_TOKENS, "utf8").trim().split("\n").map((line) => line.split(" ")));
const surprises = [];

/** The token of a role. */
export const tokenOf = (role) => (role === "admin" ? admin : tokens.get(role));

/** Fails with `what` unless it holds. */
export function check(holds, what) {
  if (!holds) throw new Error(what);
}

/** Waits for a state of the world outside; what it is then is the answer. */
export async function until(what, state, within = 30_000) {
  const end = Date.now() + within;
  for (;;) {
    const seen = await state();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`it did not come to: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Calls the API beside the browser. */
export async function api(method, path, body, token = admin) {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(new URL(path, url), { method, body: text, headers: { Authorization: `Bearer ${token}` } });
  const answer = await response.text();
  return { status: response.status, answer: answer.startsWith("{") || answer.startsWith("[") ? JSON.parse(answer) : answer };
}

/** A page in a window of its own, logged in by the address that the start line prints. */
export async function enter(role = "admin", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB", timezoneId: "UTC", ignoreHTTPSErrors: url.startsWith("https:"), ...options });
  const page = await context.newPage();
  await watch(page, context);
  await page.goto(`${url}/?token=${tokenOf(role)}`);
  check(!page.url().includes("token="), "the token stays in the address");
  return page;
}

async function watch(page, context) {
  page.expected = [];
  page.offHost = 0;
  const surprise = (text) => {
    if (!page.expected.some((pattern) => pattern.test(text))) surprises.push(`${text} (on ${page.url()})`);
  };
  await context.exposeBinding("__reported", (_, text) => surprise(`policy: ${text}`));
  await context.addInitScript(() => addEventListener("securitypolicyviolation", (event) =>
    window.__reported(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`)));
  page.on("console", (message) => { if (message.type() === "error") surprise(`console: ${message.text()}`); });
  page.on("pageerror", (error) => surprise(`script: ${error.message}`));
  page.on("dialog", (dialog) => {
    surprise(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (!["data:", "blob:"].includes(to.protocol) && to.origin !== url) surprise(`request: ${request.url()}`);
  });
}

let passed = 0;
let failed = 0;

/** A case; `page` is photographed at its end, for whoever wants to see. `ONLY=word` leaves out those without the word. */
export async function test(name, page, body) {
  if (process.env.ONLY && !name.includes(process.env.ONLY)) return;
  surprises.length = 0;
  const began = Date.now();
  let problem = null;
  try {
    await body();
  } catch (error) {
    problem = error.stack ?? String(error);
  }
  const shot = join(process.env.SHOTS, `${name.replace(/\W+/g, "-").slice(0, 80)}.png`);
  await page?.screenshot({ path: shot }).catch(() => {});
  if (!problem && surprises.length > 0) problem = surprises.slice(0, 5).join("\n");
  if (problem) {
    failed += 1;
    console.log(`FAILED  ${name}\n${problem.replace(/^/gm, "        ")}\n        at ${page?.url()}`);
  } else {
    passed += 1;
    console.log(`ok      ${name} (${Date.now() - began} ms)`);
  }
  if (page) page.expected = [];
}

/** Says how many passed, and ends the process accordingly. */
export async function end() {
  await browser.close();
  console.log(`${passed} cases passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
