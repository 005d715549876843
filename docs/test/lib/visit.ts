import type { Browser, BrowserContext, Page } from "playwright-core";
import type { BuiltSite } from "./built-site.ts";

/** The widths that the pages are looked at: a small phone, and a laptop. */
export const PHONE = { width: 360, height: 740 };
export const LAPTOP = { width: 1280, height: 800 };

/** What a page showed while a reader looked at it. */
export interface Visit {
  path: string;
  title: string;
  description: string;
  /** What the browser complained about: messages in the console, errors, requests that failed or left the site. */
  complaints: string[];
  /** Whole addresses. */
  links: string[];
  anchors: Set<string>;
  /** What is wider than a phone and has no scroll bar of its own. */
  tooWide: string[];
  /** Faults of accessibility: the rule of axe, the colours, the element. */
  faults: string[];
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

/** Runs axe, which was added to the page. */
async function faultsOf(page: Page, mode: string, rules?: readonly string[]): Promise<string[]> {
  const faults = await page.evaluate(
    async (only) => {
      const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
      const { violations } = await axe.run(document, {
        resultTypes: ["violations"],
        ...(only === undefined ? {} : { runOnly: { type: "rule" as const, values: [...only] } }),
      });
      return violations.map(({ id, nodes }) => {
        const { target, any } = nodes[0]!;
        return `${id}, ${nodes.length} times, such as ${target.join(" ")}: ${any[0]?.message ?? ""}`;
      });
    },
    rules === undefined ? undefined : [...rules],
  );
  return faults.map((fault) => `${mode}: ${fault}`);
}

async function setDark(page: Page, isDark: boolean): Promise<void> {
  await page.evaluate((dark) => document.documentElement.classList.toggle("dark", dark), isDark);
}

/** Looks at a page in every way that needs no click. `axe` is the source of axe-core, if the page is to be checked with it. */
async function visit(
  page: Page,
  site: BuiltSite,
  path: string,
  axe: string | undefined,
): Promise<Omit<Visit, "complaints">> {
  await page.setViewportSize(LAPTOP);
  await load(page, site, path);
  const seen = await page.evaluate(() => ({
    title: document.title,
    description: document.querySelector<HTMLMetaElement>("meta[name=description]")?.content ?? "",
    links: [...document.querySelectorAll<HTMLAnchorElement>("a[href]")].map(({ href }) => href),
    anchors: [...document.querySelectorAll("[id]")].map(({ id }) => id),
  }));
  const faults: string[] = [];
  if (axe !== undefined) {
    await page.evaluate(axe);
    faults.push(...(await faultsOf(page, "light")));
    await setDark(page, true);
    // What differs in the dark is colours.
    faults.push(...(await faultsOf(page, "dark", ["color-contrast", "link-in-text-block"])));
    await setDark(page, false);
  }
  await page.setViewportSize(PHONE);
  const tooWide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll(".vp-doc *, .VPHome *, .VPNav *")].filter(
      (element) =>
        element.getBoundingClientRect().right > clientWidth + 1 &&
        !element.parentElement?.closest("pre, table, .VPSidebar"),
    );
    return [`${scrollWidth} px`, ...wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))];
  });
  return { path, ...seen, anchors: new Set(seen.anchors), tooWide, faults };
}

/** Visits pages, a few at a time. */
export async function visitAll(
  browser: Browser,
  site: BuiltSite,
  paths: readonly string[],
  axeFor: (path: string) => string | undefined,
): Promise<Visit[]> {
  const rest = [...paths];
  const visits: Visit[] = [];
  const reader = async (): Promise<void> => {
    const context = await browser.newContext({ viewport: LAPTOP, reducedMotion: "reduce" });
    const complaints: string[] = [];
    const page = await openTab(context, site.origin, complaints);
    for (let path = rest.shift(); path !== undefined; path = rest.shift()) {
      const seen = await visit(page, site, path, axeFor(path));
      visits.push({ ...seen, complaints: complaints.splice(0) });
    }
    await context.close();
  };
  await Promise.all([reader(), reader(), reader()]);
  return visits;
}
