import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describeWith } from "@sockact/testkit";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { DefaultTheme } from "vitepress";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root, webAddress } from "../../scripts/lib/packages.ts";
import { sidebar, linksOf } from "../.vitepress/lib/sidebar.ts";
import { browserCommand, launchBrowser } from "./lib/browser.ts";
import { built, type BuiltSite, fileOf, serveBuiltSite } from "./lib/built-site.ts";
import {
  faultsOfCodes,
  LAPTOP,
  openPage,
  type PageFile,
  PHONE,
  readAll,
  type Visit,
  visitAll,
} from "./lib/visit.ts";

/** On these, axe checks the header and the sidebar too, which all pages share. */
const whole = new Set(["", "start", "reference/core", "codes/"]);

/**
 * The addresses in a page in Markdown, on the server of the test. A heading of the page itself is left out:
 * the page in HTML has the same.
 */
function markdownLinks(text: string, { origin, base, address }: BuiltSite): string[] {
  const prose = text.replaceAll(/^ *(```|~~~).*?^ *\1$/gms, "").replaceAll(/`[^`\n]*`/g, "");
  const links = Array.from(prose.matchAll(/\]\((?!#)([^()\s]+)\)/g), ([, link = ""]) => link);
  return links.map((link) => {
    if (link.startsWith(address)) return `${origin}${base}${link.slice(address.length)}`;
    // A link that is still relative leads nowhere, as in llms-full.txt.
    return /^[a-z]+:/.test(link) ? link : `${origin}/${link}`;
  });
}

/** All items of a sidebar, on every level. */
const withInner = (items: readonly DefaultTheme.SidebarItem[]): DefaultTheme.SidebarItem[] =>
  items.flatMap((item) => [item, ...withInner(item.items ?? [])]);

describeWith({ commands: [browserCommand] }, "the built site, in a browser", () => {
  let site: BuiltSite;
  let browser: Browser;
  let files: PageFile[];
  let visits: Visit[];

  beforeAll(async () => {
    site = await serveBuiltSite();
    browser = await launchBrowser();
    files = await readAll(browser, site);
    visits = await visitAll(browser, site, site.pages, (path) => whole.has(path));
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });

  /** What is wrong on pages, one line each. */
  const problemsOf = <P extends { path: string }>(
    pages: readonly P[],
    problems: (page: P) => readonly string[],
  ): string[] =>
    pages.flatMap((page) => problems(page).map((problem) => `${page.path || "the first page"}: ${problem}`));

  async function inNewContext<T>(use: (context: BrowserContext) => Promise<T>, width = LAPTOP): Promise<T> {
    const context = await browser.newContext({ viewport: width, reducedMotion: "reduce" });
    try {
      return await use(context);
    } finally {
      await context.close();
    }
  }

  test("no page has an error in the console, a failed request, or a request to another site", () => {
    expect(visits.length).toBeGreaterThan(40);
    expect(problemsOf(visits, ({ complaints }) => complaints)).toEqual([]);
  });

  test("every link leads to a page, a heading, or a file of the repository", () => {
    // A script may add links and headings, such as those under "On this page".
    const all = [...files, ...visits];
    const anchors = new Map<string, ReadonlySet<string>>();
    for (const page of all)
      anchors.set(page.path, new Set([...(anchors.get(page.path) ?? []), ...page.anchors]));
    const problemOf = (link: string): string | undefined => {
      const { origin, pathname, hash } = new URL(link);
      if (origin === site.origin) {
        if (!pathname.startsWith(site.base)) return `${link} is outside of ${site.base}`;
        const path = decodeURIComponent(pathname).slice(site.base.length);
        const target = anchors.get(path.replace(/(?:(^|\/)index)?\.md$/, "$1"));
        if (target === undefined) return fileOf(path) === undefined ? `${link} leads nowhere` : undefined;
        return hash === "" || target.has(decodeURIComponent(hash.slice(1)))
          ? undefined
          : `${path} has no ${hash}`;
      }
      const [, path] = new RegExp(`^${webAddress}/(?:blob|tree|edit)/main/([^#]*)`).exec(link) ?? [];
      return path === undefined || existsSync(join(root, path)) ? undefined : `the repository has no ${path}`;
    };
    // The pages in Markdown have the address of the site, and the same headings.
    const inMarkdown = readdirSync(built, { recursive: true, encoding: "utf8" })
      .filter((file) => /\.md$|^llms.*\.txt$/.test(file))
      .map((path) => ({ path, links: markdownLinks(readFileSync(join(built, path), "utf8"), site) }));
    expect(inMarkdown.length).toBeGreaterThan(40);
    expect(files.flatMap(({ links }) => links).length).toBeGreaterThan(1000);
    const problems = problemsOf([...all, ...inMarkdown], ({ links }) =>
      [...new Set(links)].flatMap((link) => problemOf(link) ?? []),
    );
    expect([...new Set(problems)]).toEqual([]);
  });

  test("every page has a title and a description of its own", () => {
    expect(
      problemsOf(files, ({ title }) =>
        /^.+ \| sockact, systemd sockets for Node$|^sockact/.test(title) ? [] : [`title ${title}`],
      ),
    ).toEqual([]);
    expect(
      problemsOf(files, ({ description }) => (description.length > 20 ? [] : [`description ${description}`])),
    ).toEqual([]);
    const seen = (text: string, of: (file: PageFile) => string) => files.filter((file) => of(file) === text);
    expect(
      problemsOf(files, ({ title, description }) => [
        ...(seen(title, (it) => it.title).length > 1 ? [title] : []),
        ...(seen(description, (it) => it.description).length > 1 ? [description] : []),
      ]),
    ).toEqual([]);
  });

  test("every page has a picture for other sites", () => {
    const html = readFileSync(join(built, "start.html"), "utf8");
    const [, picture = ""] = /property="og:image" content="([^"]*)"/.exec(html) ?? [];
    expect(picture.startsWith(site.address)).toBe(true);
    const bytes = readFileSync(join(built, picture.slice(site.address.length)));
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1200, 630]);
    expect(bytes.length).toBeLessThan(100_000);
  });

  test("every page is in the sidebar", () => {
    const linked = linksOf(sidebar).map((link) => link.slice(1));
    // The page /codes/ lists the pages of the codes.
    const others = site.pages.filter((page) => page !== "" && !/^codes\/./.test(page));
    expect(others.filter((page) => !linked.includes(page))).toEqual([]);
  });

  test("no page has the name of a folder, so every web server finds both", () => {
    expect(
      site.pages.filter((page) => existsSync(join(built, `${page}.html`)) && existsSync(join(built, page))),
    ).toEqual([]);
  });

  test("the sidebar has every page under its title", async () => {
    const titles = new Map(files.map(({ path, title }) => [path, title.replace(/ \| sockact, .*/, "")]));
    const named = sidebar.flatMap((group) => withInner(group.items ?? []));
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(({ text, link = "" }) => titles.get(link.slice(1)) !== text)).toEqual([]);
  });

  test("no page scrolls sideways on a phone", () => {
    expect(problemsOf(visits, ({ tooWide }) => tooWide)).toEqual([]);
  });

  test("no table scrolls sideways on a phone, except for those that compare numbers", () => {
    const others = visits.filter(({ path }) => !/^(?:benchmark|containers|many-hosts)/.test(path));
    expect(problemsOf(others, ({ scrolledTables }) => scrolledTables.onPhone)).toEqual([]);
  });

  test("no table scrolls sideways on a laptop, except for those with the most columns", () => {
    const others = visits.filter(({ path }) => path !== "benchmark-data" && path !== "comparison");
    expect(problemsOf(others, ({ scrolledTables }) => scrolledTables.onLaptop)).toEqual([]);
  });

  test.each([768, 960])("the menu fits into a window of %i px", async (width) => {
    await inNewContext(
      async (context) => {
        const page = await openPage(context, site, "start");
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      },
      { width, height: 800 },
    );
  });

  test("axe finds no fault, in the light and in the dark", () => {
    expect(problemsOf(visits, ({ faults }) => faults)).toEqual([]);
  });

  test("axe finds no fault in what the pages of the codes say", async () => {
    const faults = await inNewContext((context) => faultsOfCodes(context, site));
    expect(faults).toEqual([]);
  }, 120_000);

  test.each(["", "start"])("the page /%s loads less than 200 kB of script", async (path) => {
    await inNewContext(async (context) => {
      const scripts: Promise<Buffer>[] = [];
      context.on("response", (response) => {
        if (new URL(response.url()).pathname.endsWith(".js")) scripts.push(response.body());
      });
      const page = await openPage(context, site, path);
      await page.waitForLoadState("networkidle");
      const bodies = await Promise.all(scripts);
      const bytes = bodies.reduce((sum, { length }) => sum + length, 0);
      const zipped = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
      console.info(`/${path}: ${bodies.length} scripts, ${bytes} bytes, ${zipped} with gzip`);
      expect(bodies.length).toBeGreaterThan(2);
      expect(bytes).toBeLessThan(200_000);
    });
  });

  test.each(["", "start", "builder", "check", "reference/core"])(
    "a phone shows the page /%s before it has loaded 200 kB of script",
    (path) => {
      const html = readFileSync(join(built, fileOf(path) ?? ""), "utf8");
      const scripts = Array.from(
        html.matchAll(
          /<(?:script type="module" src|link rel="modulepreload" href)="[^"]*\/(assets\/[^"]*)"/g,
        ),
        ([, file = ""]) => file,
      );
      const sizes = [...new Set(scripts)].map((file) => statSync(join(built, file)).size);
      expect(sizes.length).toBeGreaterThan(2);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000);
    },
  );

  test("each page of the reference has less than 50 kB of script", () => {
    const scripts = readdirSync(join(built, "assets")).filter((file) =>
      /^reference_.*(?<!\.lean)\.js$/.test(file),
    );
    const sizes = scripts.map((file) => [file, statSync(join(built, "assets", file)).size] as const);
    expect(sizes.length).toBeGreaterThan(8);
    expect(sizes.filter(([, size]) => size > 50_000)).toEqual([]);
  });

  describe("the search", () => {
    let context: BrowserContext;
    let page: Page;

    // The index of all pages is loaded once.
    beforeAll(async () => {
      context = await browser.newContext({ viewport: LAPTOP, reducedMotion: "reduce" });
      page = await openPage(context, site, "");
    });
    afterAll(() => context?.close());

    // search.test.ts has more of them, without the browser.
    test.each([
      ["EADDRINUSE", "troubleshooting"],
      ["what does SOCKACT_WARN_UNCLAIMED mean", "codes/SOCKACT_WARN_UNCLAIMED"],
      ["how do I rotate certificates", "tls"],
    ])("finds, for %s, the page %s among the first three", async (query, wanted) => {
      await page.keyboard.press("Control+k");
      const box = page.locator(".VPLocalSearchBox input");
      await box.fill(query);
      const results = page.locator(".VPLocalSearchBox a.result");
      await results.first().waitFor();
      const links = await results.evaluateAll((all) =>
        all.map((link) => (link as HTMLAnchorElement).pathname),
      );
      expect(links.slice(0, 3)).toContain(`${site.base}${wanted}`);
      // The box would open with these results again.
      await box.fill("");
      await results.first().waitFor({ state: "detached" });
      await page.keyboard.press("Escape");
      await box.waitFor({ state: "detached" });
    });
  });

  test("the switch makes the page dark, and it stays dark on the next page", async () => {
    await inNewContext(async (context) => {
      const page = await openPage(context, site, "start");
      const isDark = () => page.evaluate(() => document.documentElement.classList.contains("dark"));
      expect(await isDark()).toBe(false);
      await page.locator(".VPNavBarAppearance .VPSwitchAppearance").click();
      expect(await isDark()).toBe(true);
      const next = await openPage(context, site, "install");
      expect(await next.evaluate(() => document.documentElement.classList.contains("dark"))).toBe(true);
    });
  });

  test("the keyboard reaches the content, the sidebar and the search", async () => {
    await inNewContext(async (context) => {
      const page = await openPage(context, site, "tls");
      const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
      await page.keyboard.press("Tab");
      expect(await focused()).toBe("Skip to content");
      await page.keyboard.press("Enter");
      expect(await page.evaluate(() => location.hash)).toBe("#VPContent");
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("VPContent");

      await page.locator(".VPSidebar a", { hasText: "Cluster" }).focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(`**${site.base}cluster`);

      await page.keyboard.press("Control+k");
      await page.keyboard.type("idleTimeout");
      await page.locator(".VPLocalSearchBox a.result").first().waitFor();
      await page.keyboard.press("Enter");
      await page.waitForURL((address) => !address.pathname.endsWith("/cluster"));
    });
  });

  test.each(["Control+k", "/", "a click"])(
    "after %s, what a reader types before the search is loaded is searched for",
    async (how) => {
      await inNewContext(async (context) => {
        const page = await openPage(context, site, "tls");
        let load!: () => void;
        const typed = new Promise<void>((resolve) => (load = resolve));
        await page.route(/VPLocalSearchBox/, async (route) => {
          await typed;
          await route.continue();
        });
        if (how === "a click") await page.locator("#local-search button").click();
        else await page.keyboard.press(how);
        await page.keyboard.type("idle  ");
        await page.keyboard.press("Backspace");
        load();
        const box = page.locator(".VPLocalSearchBox input");
        await box.waitFor();
        await page.keyboard.type("Timeout");
        expect(await box.inputValue()).toBe("idle Timeout");
        await page.locator(".VPLocalSearchBox a.result").first().waitFor();
      });
    },
  );

  test("the menu of a phone opens, and leads to another page", async () => {
    await inNewContext(async (context) => {
      const page = await openPage(context, site, "start");
      await page.locator(".VPLocalNav button.menu").click();
      await page.locator(".VPSidebar a", { hasText: "Koa" }).first().click();
      await page.waitForURL(`**${site.base}frameworks/koa`);
      const title = page.locator("h1", { hasText: "Koa" });
      await title.waitFor();
      expect(await title.count()).toBe(1);
    }, PHONE);
  });

  test("an address that does not exist says so, and offers the first page", async () => {
    await inNewContext(async (context) => {
      const complaints: string[] = [];
      const page = await openPage(context, site, "no-such-page", complaints);
      expect(await page.locator("h1, .title").allTextContents()).toContain("This page does not exist");
      expect(await page.getByRole("link", { name: "first page" }).getAttribute("href")).toBe(site.base);
    });
  });

  test("without JavaScript, the page for an address that does not exist says so too", () => {
    const html = readFileSync(join(built, "404.html"), "utf8");
    expect(html).toContain("<title>This page does not exist | sockact</title>");
    expect(html).toMatch(new RegExp(`<noscript>.*<a href="${site.base}">.*</noscript>`));
  });

  test("with forced colours, the icons of the header are visible", async () => {
    const context = await browser.newContext({ viewport: PHONE, forcedColors: "active" });
    const page = await openPage(context, site, "start");
    const colours = await page.evaluate(() =>
      Array.from(
        document.querySelectorAll(".DocSearch-Search-Icon, .VPNavBarHamburger .top, .VPSocialLink span"),
        (icon) => [getComputedStyle(icon).backgroundColor, getComputedStyle(document.body).backgroundColor],
      ),
    );
    expect(colours.length).toBeGreaterThan(2);
    for (const [icon, behind] of colours) expect(icon).not.toBe(behind);
    await context.close();
  });

  test("on paper, a page is dark on white, without menus", async () => {
    await inNewContext(async (context) => {
      const page = await openPage(context, site, "start");
      await page.evaluate(() => document.documentElement.classList.add("dark"));
      await page.emulateMedia({ media: "print" });
      expect(
        await page
          .locator(".vp-doc p")
          .first()
          .evaluate((it) => getComputedStyle(it).color),
      ).toBe("rgb(0, 0, 0)");
      expect(await page.locator(":is(.VPNav, .VPSidebar, .VPDocFooter):visible").count()).toBe(0);
    });
  });

  test("llms.txt has every page of the sidebar, each as Markdown", () => {
    const list = readFileSync(join(built, "llms.txt"), "utf8");
    const links = [...list.matchAll(/^- \[.*?\]\((.*?)\): .+$/gm)].map(([, link = ""]) => link);
    expect(links.length).toBe(linksOf(sidebar).length);
    const paths = links.map((link) => link.slice(link.indexOf(site.base) + site.base.length));
    expect(paths.filter((path) => !existsSync(join(built, path)))).toEqual([]);
    expect(readFileSync(join(built, "llms-full.txt"), "utf8").length).toBeGreaterThan(100_000);
  });
});
