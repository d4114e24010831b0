// Every page, light and dark, as axe-core sees it: nothing that is serious or critical. And every page in windows of all widths
// and with the keyboard alone.

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
  ["settings", "/settings"], ["settings that are set", "/settings?set=true"], ["settings that there are not", "/settings?q=nothing-like-it"], ["tables", "/tables"], ["alerts", "/alerts"], ["jobs", "/jobs"], ["store", "/store"], ["audit", "/audit"],
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

/** What is cut off, and text that has no room: a column of single letters. */
const squeezed = () => {
  const wide = document.documentElement.scrollWidth - innerWidth;
  const narrow = [...document.querySelectorAll("main td, main dd, main p, main h1, main h2")].filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    const words = element.textContent.trim().split(/\s+/);
    return height > 0 && words.length > 3 && width < 60;
  });
  return { wide, narrow: narrow.map((element) => element.outerHTML.slice(0, 120)) };
};

const narrow = await enter("admin");
for (const [width, height] of [[400, 860], [800, 900], [1024, 768], [1440, 900]]) {
  await narrow.setViewportSize({ width, height });
  await test(`a window of ${width} pixels has room for every page`, narrow, async () => {
    narrow.expected = [/404/];
    for (const [name, path] of PAGES) {
      await narrow.goto(url + path);
      if (path.startsWith("/test")) await narrow.locator("[data-fields] label").first().waitFor();
      const seen = await narrow.evaluate(squeezed);
      check(seen.wide <= 0, `${name} is ${seen.wide} pixels wider than the window`);
      check(seen.narrow.length === 0, `${name} has text without room: ${seen.narrow.slice(0, 3).join("\n")}`);
      const here = narrow.locator(".top nav [aria-current]");
      if (await here.count() > 0) check(await here.evaluate((entry) => {
        const [at, bar] = [entry.getBoundingClientRect(), entry.parentElement.getBoundingClientRect()];
        return at.left >= bar.left - 1 && at.right <= bar.right + 1;
      }), `${name}: the bar does not show where it is`);
    }
  });
}

await test("the keyboard reaches everything, and it is seen where it is", narrow, async () => {
  narrow.expected = [/404/];
  for (const [name, path] of PAGES) {
    await narrow.goto(url + path);
    if (path.startsWith("/test")) await narrow.locator("[data-fields] label").first().waitFor();
    const stuck = await narrow.evaluate(() => [...document.querySelectorAll("a:not([href]), [data-act], [data-job], tr[data-href]")].filter((element) =>
      element.getClientRects().length > 0 && !element.matches("button, a[href]") && !element.querySelector("a[href], button")).map((element) => element.outerHTML.slice(0, 120)));
    check(stuck.length === 0, `${name}: only a mouse reaches ${stuck[0]}`);
    for (let step = 0; step < 20; step += 1) {
      await narrow.keyboard.press("Tab");
      const unseen = await narrow.evaluate(() => {
        const at = document.activeElement;
        if (!at || at === document.body) return null;
        const drawn = at.querySelector(".box, .hit");
        const shown = drawn ? parseFloat(getComputedStyle(drawn).strokeWidth) >= 2 : getComputedStyle(at).outlineStyle !== "none";
        return shown ? null : at.outerHTML.slice(0, 120);
      });
      check(unseen === null, `${name}: nothing shows that this has the focus: ${unseen}`);
    }
  }
});

await end();
