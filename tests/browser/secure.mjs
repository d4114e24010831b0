// The console over TLS: somebody of the users' file logs in with the form, follows a message that failed, and sees the next one
// come.

import { check, end, enter, test, tokenOf, url } from "./kit.mjs";
import { fail } from "./hospital.mjs";

const first = await fail();
const page = await enter("reader");

await test("a user logs in over TLS with the form, by a cookie that is never sent without it", page, async () => {
  check(url.startsWith("https://"), `the console is at ${url}`);
  await page.locator(".foot button", { hasText: "Log out" }).click();
  await page.waitForURL(`${url}/login`);
  check((await page.context().cookies()).every(({ name }) => !name.includes("iop")), "the cookie outlives the log-out");
  await page.locator("[name=token]").fill(tokenOf("reader"));
  await page.locator("button").click();
  await page.waitForURL(`${url}/`);
  const [cookie] = (await page.context().cookies()).filter(({ name }) => name.includes("iop"));
  check(cookie.secure && cookie.httpOnly && cookie.sameSite === "Strict", JSON.stringify(cookie));
  check((await page.locator(".foot").textContent()).includes("a-reader"), "the page does not say who looks at it");
});

await test("a trace is followed, and what fails next comes to the page by itself", page, async () => {
  await page.goto(url);
  const row = (failed) => page.locator(`[data-part=problems] a[href$="${failed}"]`).first();
  await row(first.failed).waitFor();
  const { failed } = await fail();
  await row(failed).click();
  await page.waitForURL(/\/trace\//);
  const panel = await page.locator("#panel").textContent();
  check(panel.includes("503 Service Unavailable"), panel);
  await page.locator(".tabs a", { hasText: "Attempts" }).click();
  await page.locator(".steps li", { hasText: "attempt 1 of 3 failed" }).first().waitFor();
});

await end();
