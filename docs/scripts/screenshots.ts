/** Writes pictures of the main pages into docs/screenshots: light and dark, wide and as on a phone. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { launchBrowser } from "../test/lib/browser.ts";
import { serveBuiltSite } from "../test/lib/built-site.ts";
import { openPage } from "../test/lib/visit.ts";

const mainPages = [
  "",
  "start",
  "how-it-works",
  "frameworks/express",
  "install",
  "troubleshooting",
  "errors",
  "units",
  "builder",
  "check",
  "comparison",
  "reference/core",
  "no-such-page",
];
const pages = process.argv.length > 2 ? process.argv.slice(2) : mainPages;
const out = join(import.meta.dirname, "../screenshots");
mkdirSync(out, { recursive: true });

await using site = await serveBuiltSite();
const browser = await launchBrowser();
for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 390]) {
    const viewport = { width, height: width === 390 ? 844 : 800 };
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    for (const path of pages) {
      const page = await openPage(context, site, path);
      const name = path.replaceAll("/", "-") || "home";
      await page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`) });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
console.info(`${pages.length * 4} pictures are in docs/screenshots.`);
