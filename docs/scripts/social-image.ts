/**
 * Draws `docs/public/social.png`, which other sites show beside a link to ours: what the first page says, and
 * its drawing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { launchBrowser } from "../test/lib/browser.ts";

const docs = join(import.meta.dirname, "..");
const front = readFileSync(join(docs, "index.md"), "utf8");
const field = (name: string): string => new RegExp(`^  ${name}: (.*)`, "m").exec(front)![1]!;
const drawing = readFileSync(join(docs, "public/hero.svg"), "utf8");
const theme = dirname(createRequire(import.meta.url).resolve("vitepress/theme"));
const font = readFileSync(join(theme, "fonts/inter-roman-latin.woff2")).toString("base64");

const browser = await launchBrowser();
const page = await browser.newPage({ viewport: { width: 1200, height: 630 } });
await page.setContent(`<!doctype html>
<style>
  @font-face { font-family: Inter; font-weight: 100 900; src: url(data:font/woff2;base64,${font}) }
  body { display: flex; gap: 48px; align-items: center; box-sizing: border-box; height: 630px; margin: 0;
    padding: 0 64px; border-top: 16px solid #1f6f78; color: #23272f; background: #fff; font-family: Inter }
  main { flex: 1 }
  b { color: #17626b; font-size: 60px; line-height: 1.2 }
  h1 { margin: 8px 0 24px; font-size: 50px; line-height: 1.2; letter-spacing: -1px }
  p { margin: 0; color: #4a5160; font-size: 25px; line-height: 1.45 }
  svg { width: 440px; height: auto }
</style>
<main><b>${field("name")}</b><h1>${field("text")}</h1><p>${field("tagline")}</p></main>
${drawing}`);
await page.evaluate(() => document.fonts.ready);
writeFileSync(join(docs, "public/social.png"), await page.screenshot());
await browser.close();
