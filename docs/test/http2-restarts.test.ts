import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  certificateOf,
  closeAll,
  describeWith,
  freeAddress,
  rawSocket,
  startWithFds,
} from "@sockact/testkit";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { browserCommand, launchBrowser } from "./lib/browser.ts";

const program = fileURLToPath(new URL("../../packages/core/test/programs/tls.mjs", import.meta.url));
const RESTARTS = 10;

/** Makes a page fetch without a pause, 12 times at once. It counts the responses in an attribute. */
function fetchForever(): void {
  let count = 0;
  const loop = async (): Promise<void> => {
    for (;;) {
      try {
        await (await fetch(`/${count}`, { cache: "no-store" })).text();
        document.body.dataset["fetched"] = String(++count);
      } catch {
        // The test has seen the failure, too.
      }
    }
  };
  for (let loops = 0; loops < 12; loops++) void loop();
}

/** Resolves when the page has got 100 more responses. */
async function untilFetched(page: Page): Promise<void> {
  const count = Number(await page.locator("body").getAttribute("data-fetched"));
  await page.waitForFunction((wanted) => Number(document.body.dataset["fetched"]) > wanted, count + 100);
}

describeWith({ commands: [browserCommand] }, "a browser that uses HTTP/2", () => {
  test("loses no fetch when the service restarts", async () => {
    const address = await freeAddress("tcp4");
    const fd = rawSocket("ipv4", "stream", { bound: address, listening: true });
    onTestFinished(() => closeAll([fd]));
    const tls = { ...certificateOf("localhost"), ALPNProtocols: ["h2"] };
    const start = () =>
      startWithFds([fd], [process.execPath, program], { env: { LISTEN_OPTIONS: JSON.stringify({ tls }) } });
    let app = start();
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    const failures: (string | undefined)[] = [];
    page.on("requestfailed", (request) => failures.push(request.failure()?.errorText));
    await page.goto(`https://${address}/`);
    await page.evaluate(fetchForever);
    for (let restarts = 0; restarts < RESTARTS; restarts++) {
      await untilFetched(page);
      app.kill("SIGTERM");
      expect(await app.ended).toBe(0);
      app = start();
    }
    await untilFetched(page);
    expect(failures).toEqual([]);
  }, 300_000);
});
