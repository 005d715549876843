import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { built, type BuiltSite, fileOf } from "./built-site.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The widths that the pages are looked at: a small phone, and a laptop. */
export const PHONE = { width: 360, height: 740 };
export const LAPTOP = { width: 1280, height: 800 };

/** What the file of a page says to every reader, before any script runs. */
export interface PageFile {
  path: string;
  title: string;
  description: string;
  /** Whole addresses. */
  links: string[];
  anchors: Set<string>;
}

/** What a page showed while a reader looked at it. */
export interface Visit {
  path: string;
  /**
   * What the browser complained about: messages in the console, errors, requests that failed or left the
   * site.
   */
  complaints: string[];
  /** Whole addresses, also those that a script adds. */
  links: string[];
  anchors: Set<string>;
  /** What is wider than a phone and has no scroll bar of its own. */
  tooWide: string[];
  /** The headers of the tables that scroll sideways. */
  scrolledTables: { onLaptop: string[]; onPhone: string[] };
  /** Faults of accessibility: the rule of axe, the colours, the element. For the pages of codes, see faultsOfCodes(). */
  faults: string[];
}

/** Reads the files of all pages with the parser of the browser, which loads none of them. */
export async function readAll(browser: Browser, { origin, base, pages }: BuiltSite): Promise<PageFile[]> {
  const page = await browser.newPage();
  const files: PageFile[] = [];
  for (const path of pages) {
    const seen = await page.evaluate(
      (html) => {
        const file = new DOMParser().parseFromString(html, "text/html");
        return {
          title: file.title,
          description: file.querySelector<HTMLMetaElement>("meta[name=description]")?.content ?? "",
          links: Array.from(file.querySelectorAll("a[href]"), (link) => link.getAttribute("href") ?? ""),
          anchors: Array.from(file.querySelectorAll("[id]"), ({ id }) => id),
        };
      },
      readFileSync(join(built, fileOf(path) ?? ""), "utf8"),
    );
    const links = seen.links.map((link) => new URL(link, `${origin}${base}${path}`).href);
    files.push({ ...seen, path, links, anchors: new Set(seen.anchors) });
  }
  await page.close();
  return files;
}

/** Opens a tab. `complaints` gets what the browser complains about. */
async function openTab(context: BrowserContext, origin: string, complaints: string[] = []): Promise<Page> {
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(origin) && !/^(?:data|blob):/.test(address))
      complaints.push(`a request to ${address}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} for ${response.url()}`);
  });
  return page;
}

/** Loads a page, and resolves when it answers to clicks. */
async function load(page: Page, { origin, base }: BuiltSite, path: string): Promise<void> {
  await page.goto(`${origin}${base}${path}`);
  await page.waitForFunction(() => "__vue_app__" in (document.querySelector("#app") ?? {}));
  // The scripts of some forms are loaded after the page.
  await page.waitForFunction(() => document.querySelector(".unit-page:disabled") === null);
}

/** Opens a page in a tab of its own. */
export async function openPage(
  context: BrowserContext,
  site: BuiltSite,
  path: string,
  complaints: string[] = [],
): Promise<Page> {
  const page = await openTab(context, site.origin, complaints);
  await load(page, site, path);
  return page;
}

/** Runs axe, and returns the problems that it finds. */
export async function faultsOf(
  page: Page,
  mode: string,
  isWhole: boolean,
  rules?: readonly string[],
): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axeSource);
  const faults = await page.evaluate(
    async ({ exclude, only }) => {
      const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
      const { violations } = await axe.run(
        { include: [document], exclude },
        {
          resultTypes: ["violations"],
          ...(only === undefined ? {} : { runOnly: { type: "rule" as const, values: [...only] } }),
        },
      );
      return violations.map(({ id, nodes }) => {
        const { target, any } = nodes[0]!;
        return `${id}, ${nodes.length} times, such as ${target.join(" ")}: ${any[0]?.message ?? ""}`;
      });
    },
    { exclude: isWhole ? [] : [".VPNav", ".VPLocalNav", ".VPSidebar"], only: rules },
  );
  return faults.map((fault) => `${mode}: ${fault}`);
}

export async function setDark(page: Page, isDark: boolean): Promise<void> {
  await page.evaluate((dark) => document.documentElement.classList.toggle("dark", dark), isDark);
}

/** The elements that are wider than the window and can't be scrolled. */
export async function widerThanWindow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll(".vp-doc *, .VPHome *, .VPNav *")].filter(
      (element) =>
        element.getBoundingClientRect().right > clientWidth + 1 &&
        !element.parentElement?.closest("pre, table, .VPSidebar"),
    );
    return [`${scrollWidth} px`, ...wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))];
  });
}

/** The headers of the tables that scroll sideways. */
async function tablesThatScroll(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll(".vp-doc table")]
      .filter((table) => table.scrollWidth > table.clientWidth + 1)
      .map((table) => table.querySelector("tr")?.textContent ?? ""),
  );
}

async function faultsInBothModes(page: Page, isWhole: boolean): Promise<string[]> {
  const faults = await faultsOf(page, "light", isWhole);
  await setDark(page, true);
  // In dark mode, only the colors differ.
  faults.push(...(await faultsOf(page, "dark", isWhole, ["color-contrast", "link-in-text-block"])));
  await setDark(page, false);
  return faults;
}

/** Whether a page is one of the hundreds that explain a code each, with the same frame. */
const isPageOfCode = (path: string): boolean => /^codes\/./.test(path);

/** Runs axe on what the pages of all codes say. They are on one page, one below the other, so that it runs once. */
export async function faultsOfCodes(context: BrowserContext, site: BuiltSite): Promise<string[]> {
  const [first = "", ...others] = site.pages.filter(isPageOfCode);
  const page = await openPage(context, site, first);
  const contents = others.map((path) => readFileSync(join(built, fileOf(path) ?? ""), "utf8"));
  const count = await page.evaluate((texts) => {
    const parser = new DOMParser();
    const main = document.querySelector("main") as Element;
    for (const text of texts)
      main.append(...parser.parseFromString(text, "text/html").querySelectorAll("main > .vp-doc"));
    return main.querySelectorAll(":scope > .vp-doc").length;
  }, contents);
  if (count !== others.length + 1) throw new Error(`${others.length + 1} pages have ${count} contents`);
  return faultsInBothModes(page, false);
}

/**
 * Looks at a page in every way that needs no click. Unless it is `isWhole`, axe leaves out the header and the
 * sidebar, which all pages share.
 */
async function visit(
  page: Page,
  site: BuiltSite,
  path: string,
  isWhole: boolean,
): Promise<Omit<Visit, "complaints">> {
  await page.setViewportSize(LAPTOP);
  await load(page, site, path);
  const seen = await page.evaluate(() => ({
    links: [...document.querySelectorAll<HTMLAnchorElement>("a[href]")].map(({ href }) => href),
    anchors: [...document.querySelectorAll("[id]")].map(({ id }) => id),
  }));
  const faults = isPageOfCode(path) ? [] : await faultsInBothModes(page, isWhole);
  const onLaptop = await tablesThatScroll(page);
  await page.setViewportSize(PHONE);
  const tooWide = await widerThanWindow(page);
  const scrolledTables = { onLaptop, onPhone: await tablesThatScroll(page) };
  return { path, ...seen, anchors: new Set(seen.anchors), tooWide, scrolledTables, faults };
}

/** Visits pages, a few at a time. */
export async function visitAll(
  browser: Browser,
  site: BuiltSite,
  paths: readonly string[],
  isWhole: (path: string) => boolean,
): Promise<Visit[]> {
  const rest = [...paths];
  const visits: Visit[] = [];
  const reader = async (): Promise<void> => {
    const context = await browser.newContext({ viewport: LAPTOP, reducedMotion: "reduce" });
    const complaints: string[] = [];
    const page = await openTab(context, site.origin, complaints);
    for (let path = rest.shift(); path !== undefined; path = rest.shift()) {
      const seen = await visit(page, site, path, isWhole(path));
      visits.push({ ...seen, complaints: complaints.splice(0) });
    }
    await context.close();
  };
  await Promise.all([reader(), reader(), reader()]);
  return visits;
}
