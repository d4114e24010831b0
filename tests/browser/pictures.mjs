// Makes the pictures of README and documents from a hospital under load, light and dark: `docs/img/console-*.png`.

import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

import { api, check, end, enter, test, until, url } from "./kit.mjs";
import { fail, found, send } from "./hospital.mjs";

const folder = fileURLToPath(new URL("../../docs/img", import.meta.url));
const MOST_BYTES = 250_000;

// A quarter of an hour of it would be better; this is enough for rates, a queue and some failures.
for (let round = 0; round < 3; round += 1) await fail();
await until("the hospital has worked for a while", async () => (await found("status:completed to:ehr_out")).length >= 100, 300_000);
await Promise.all(Array.from({ length: 40 }, () => send()));
const { session, failed } = await fail();
const [good] = await found("type:LabOrder to:lab_flow status:completed");

async function picture(name, page, path, ready, viewport = { width: 1400, height: 860 }) {
  await test(`${name}`, page, async () => {
    await page.setViewportSize(viewport);
    await page.goto(url + path);
    await ready(page);
    // The pointer would light something up.
    await page.mouse.move(1, 1);
    const file = join(folder, `console-${name}.png`);
    await page.screenshot({ path: file });
    const { size } = statSync(file);
    check(size <= MOST_BYTES, `${file} has ${size} bytes`);
  });
}

const seen = (selector) => (page) => page.locator(selector).first().waitFor();

for (const [colorScheme, suffix] of [["light", ""], ["dark", "-dark"]]) {
  const page = await enter("admin", { colorScheme });
  await picture(`production${suffix}`, page, "/", async (at) => {
    await seen("[data-diagram] svg")(at);
    await until("something moves", async () => !(await at.locator('[data-item="router"] [data-rate]').textContent()).includes(" 0/s"));
  });
  await picture(`trace${suffix}`, page, `/trace/${session}?m=${failed}`, seen(".iop-sequence [data-message]"), { width: 1860, height: 900 });
  if (suffix) continue;
  await picture("messages", page, "/messages?q=status:error%20since:1h", seen("[data-messages] tbody tr"), { width: 1400, height: 600 });
  await picture("suspended", page, "/suspended", seen("[data-group]"), { width: 1400, height: 600 });
  for (const [name, path] of [["item", "/items/lis_rest"], ["queues", "/queues"], ["log", "/log"], ["test", "/test?item=orders_http"],
    ["settings", "/settings"], ["alerts", "/alerts"], ["audit", "/audit"], ["jobs", "/jobs"], ["good", `/trace/${good.session}`], ["timeline", `/trace/${session}?view=timeline`], ["tree", `/trace/${session}?view=tree`]]) {
    await test(`looked at: ${name}`, page, async () => {
      await page.goto(url + path);
      await seen("main section")(page);
      if (name === "test") await seen("[data-fields] label")(page);
    });
  }
}
check((await api("GET", "/health/live")).status === 200, "the hospital has ended");
await end();
