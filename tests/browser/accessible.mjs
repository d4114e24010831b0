// Every page, light and dark, as axe-core sees it: nothing that is serious or critical.

import { api, axeSource, check, end, enter, test, url } from "./kit.mjs";
import { fail, send, succeed } from "./hospital.mjs";

const { session, failed } = await fail();
await fail();
const done = await succeed();
await api("POST", "/api/v1/items/sftp_out/stop");
await api("POST", "/api/v1/items/enrich/pause");
await api("PUT", "/api/v1/searches/failures?q=status:error");
const preview = await api("POST", "/api/v1/jobs", { act: "resume", query: "status:suspended", reason: "to be looked at" });
await Promise.all(Array.from({ length: 5 }, () => send()));

const PAGES = [
  ["production", "/"], ["the way of a session", `/?session=${session}`],
  ["item", "/items/lis_rest"], ["stopped item", "/items/sftp_out"], ["paused item", "/items/enrich"],
  ["messages", "/messages"], ["saved search", "/messages?q=status:error"], ["search with a mistake", "/messages?q=statsu:x"], ["search that finds nothing", "/messages?q=item:night_list"],
  ["trace", `/trace/${session}?m=${failed}`], ["trace of what went well", `/trace/${done.session}`],
  ...["header", "response", "attempts", "log"].map((tab) => [`trace, ${tab}`, `/trace/${session}?m=${failed}&tab=${tab}`]),
  ["timeline", `/trace/${session}?view=timeline`], ["tree", `/trace/${session}?view=tree`],
  ["queues", "/queues"], ["queue", "/queues/lis_rest"], ["suspended", "/suspended"], ["event log", "/log"],
  ["test", "/test?item=orders_http"], ["edit and resend", `/test?from=${failed}`],
  ["settings", "/settings"], ["tables", "/tables"], ["alerts", "/alerts"], ["jobs", "/jobs"], ["store", "/store"], ["audit", "/audit"],
  ...(preview.answer.number ? [["a job", `/jobs/${preview.answer.number}`]] : []),
  ["what is not there", "/items/nobody"], ["log in", "/login"],
];

for (const colorScheme of ["light", "dark"]) {
  const page = await enter("admin", { colorScheme });
  await page.context().addInitScript({ content: axeSource });
  for (const [name, path] of PAGES) {
    await test(`${name}, ${colorScheme}`, page, async () => {
      page.expected = [/404/];
      await page.goto(url + path);
      if (path.startsWith("/test")) await page.locator("[data-fields] label").first().waitFor();
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      const grave = violations.filter((violation) => ["serious", "critical"].includes(violation.impact));
      check(grave.length === 0, grave.map(({ id, help, nodes }) =>
        `${id}: ${help}\n${nodes.slice(0, 4).map((node) => `  ${node.html.slice(0, 200)}\n    ${node.failureSummary?.split("\n")[1]?.trim()}`).join("\n")}`).join("\n"));
    });
  }
  await test(`questions, ${colorScheme}`, page, async () => {
    const trace = `/trace/${session}?m=${failed}`;
    for (const [path, button, next] of [[trace, "[data-resend]"], [trace, "[data-discard]"], [trace, "[data-help]"], ["/queues/lis_rest", "[data-move]"],
      ["/queues/lis_rest", "[data-job=move]"], ["/queues/lis_rest", "[data-job=discard]"], ["/messages?q=type:LabOrder", "[data-keep]"],
      ["/messages?q=type:LabOrder", "[data-purge]"], ["/store", "[data-purge]"], ["/store", "[data-purge]", "[data-preview]"],
      ["/items/lis_rest", "[data-pause]"], ["/items/enrich", "[data-resume]"], ["/messages?q=status:error", ".chip.kept button"]]) {
      await page.goto(url + path);
      await page.locator(button).first().click();
      await page.locator("dialog[open]").waitFor();
      if (next) {
        await page.locator("dialog[open] [data-confirm]").click();
        await page.locator(`dialog[open] ${next}`).waitFor();
      }
      const { violations } = await page.evaluate(() => window.axe.run(document.querySelector("dialog[open]"), { resultTypes: ["violations"] }));
      const grave = violations.filter((violation) => ["serious", "critical"].includes(violation.impact));
      check(grave.length === 0, grave.map(({ id, help, nodes }) => `${button}: ${id}: ${help} ${nodes[0].html}`).join("\n"));
      await page.keyboard.press("Escape");
      await page.locator("dialog[open]").waitFor({ state: "detached" });
    }
  });
  await page.context().close();
}

await end();
