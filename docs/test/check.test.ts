import { readFileSync } from "node:fs";
import { describeWith } from "@sockact/testkit";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { browserCommand, launchBrowser } from "./lib/browser.ts";
import { type BuiltSite, serveBuiltSite } from "./lib/built-site.ts";
import { faultsOf, LAPTOP, openPage, PHONE, setDark, widerThanWindow } from "./lib/visit.ts";

const socket = "[Socket]\nListenStream=80\n\n[Install]\nWantedBy=sockets.target\n";
/** The mistake in the pair. If the unit sets LISTEN_FDS itself, Node finds no socket. */
const planted = "Environment=LISTEN_FDS=1";
const service = `[Unit]
Description=The shop
Requires=shop.socket
After=shop.socket
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/bin/node /srv/shop/server.js
${planted}
DynamicUser=yes
Restart=always
RestartSec=1s
`;
const pair = `# /etc/systemd/system/shop.socket\n${socket}\n# /etc/systemd/system/shop.service\n${service}`;

describeWith({ commands: [browserCommand] }, "the paste box, in a browser", () => {
  let site: BuiltSite;
  let browser: Browser;
  let context: BrowserContext;
  let complaints: string[];

  beforeAll(async () => {
    site = await serveBuiltSite();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await context?.close();
    if (complaints.length > 0) throw new Error(`The browser complained: ${complaints.join("\n")}`);
  });

  async function open(hash = "", options: BrowserContextOptions = {}): Promise<Page> {
    complaints = [];
    context = await browser.newContext({
      viewport: LAPTOP,
      reducedMotion: "reduce",
      permissions: ["clipboard-read", "clipboard-write"],
      ...options,
    });
    return openPage(context, site, `check${hash}`, complaints);
  }

  const area = (page: Page) => page.getByRole("textbox", { name: /^Text of/ });
  const summary = (page: Page, text: RegExp) => page.locator(".summary").filter({ hasText: text }).waitFor();
  const focused = (page: Page) =>
    page.evaluate(() => document.activeElement?.textContent?.trim().replaceAll(/\s+/g, " ") ?? "");

  /** Pastes text from the clipboard, as a reader does. */
  async function paste(page: Page, text: string): Promise<void> {
    await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
    await area(page).focus();
    await page.keyboard.press("Control+v");
  }

  /** Presses Tab until a button with this name has the focus. */
  async function tabTo(page: Page, name: RegExp): Promise<void> {
    for (let times = 0; times < 80; times += 1) {
      if (name.test(await focused(page))) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not reach ${name}`);
  }

  test("with the keyboard alone, a reader pastes a pair, sees the marked line, and applies the fix", async () => {
    const page = await open();
    await paste(page, pair);
    await summary(page, /^2 files: 1 error\.$/);
    await page.getByRole("tab", { name: "shop.socket", exact: true }).waitFor();
    await page.getByRole("tab", { name: "shop.service 1 finding", exact: true }).waitFor();
    expect(await page.locator(".finding-list li").allTextContents()).toEqual([
      expect.stringContaining("variable-reserved"),
    ]);

    await tabTo(page, /^shop\.service, line 9$/);
    await page.keyboard.press("Enter");
    expect(await area(page).getAttribute("aria-label")).toBe("Text of shop.service");
    const selected = await page.evaluate(() => getSelection()?.toString());
    expect(selected, "the line is selected").toBe(planted);
    expect(await page.locator(".row.error").allTextContents()).toEqual(["9"]);

    await tabTo(page, /^Apply the fix for variable-reserved$/);
    expect(await page.locator(".change-lines").first().textContent()).toContain(`Removed: ${planted}`);
    await page.keyboard.press("Enter");
    await summary(page, /^2 files: no findings\.$/);
    const fixed = service.replace(`${planted}\n`, "");
    expect(await area(page).inputValue()).toBe(fixed);
    expect(await page.locator(".row.error, .row.warning").count()).toBe(0);

    await tabTo(page, /^Changes since/);
    expect(await page.locator("details .removed").textContent()).toContain(planted);
    await page.getByRole("button", { name: "Copy shop.service" }).press("Enter");
    await page.getByText("Copied").first().waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(fixed);
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download shop.service" }).press("Enter"),
    ]);
    expect(saved.suggestedFilename()).toBe("shop.service");
    expect(readFileSync(await saved.path(), "utf8")).toBe(fixed);

    await area(page).press("Control+z");
    expect(await area(page).inputValue()).toBe(service);
    await summary(page, /1 error/);
    await area(page).press("Control+y");
    await summary(page, /no findings/);
  });

  test("typed units are checked, and can be undone and renamed", async () => {
    const page = await open();
    await paste(page, service);
    await summary(page, /^1 file: /);
    expect(await page.getByRole("tab").textContent()).toContain("app.service");
    await area(page).press("Control+End");
    await page.keyboard.type("Retsart=no");
    await page.locator(".finding-list", { hasText: "directive-unknown" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    expect(await area(page).inputValue()).toBe(service);

    await page.getByRole("button", { name: "Add a file" }).click();
    await paste(page, socket);
    await page.getByLabel("Name of this file").fill("app.service");
    await page.getByLabel("Name of this file").press("Enter");
    expect(await page.getByRole("tab").last().textContent(), "no two files have a name").toContain(
      "app-2.service",
    );
    await page.getByLabel("Name of this file").fill("");
    await page.getByLabel("Name of this file").press("Enter");
    expect(await page.getByLabel("Name of this file").inputValue()).toBe("app-2.service");
    await page.getByRole("tab").last().press("Home");
    expect(await area(page).inputValue()).toBe(service);
  });

  test("a finding behind a typo is shown, and says so", async () => {
    const page = await open();
    await area(page).fill("[Sevice]\nExecStart=/usr/bin/node /srv/shop/server.js\nUser=root\n");
    const behind = page.locator(".finding-list li").filter({ hasText: "user-root" });
    const note = behind.getByText("as soon as you have corrected the typos");
    await note.waitFor();
    await area(page).fill("[Service]\nExecStart=/usr/bin/node /srv/shop/server.js\nUser=root\n");
    await note.waitFor({ state: "detached" });
    expect(await behind.count()).toBe(1);
  });

  test("a link restores the files in another browser, and a damaged link is reported", async () => {
    const page = await open();
    await paste(page, pair);
    await page.getByLabel(/systemctl --user/).check();
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.waitForURL(/#user&units=/);
    const { hash } = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    await context.close();

    const other = await open(hash);
    await other.getByRole("tab", { name: /shop\.service/ }).click();
    expect(await area(other).inputValue()).toBe(service);
    expect(await other.getByLabel(/systemctl --user/).isChecked()).toBe(true);
    await other.evaluate(() => (location.hash = "#units=AAAA"));
    await other.getByText("This link is damaged").waitFor();
    expect(await area(other).inputValue()).toBe(service);
  });

  test("1 MB of text with control characters and markup does not freeze the page", async () => {
    const page = await open();
    await paste(page, `<img src=x onerror=alert(1)>\u202E\0\r\n${"Environment=A=1\n".repeat(65_000)}`);
    await page.getByText("This text is too long for this page").waitFor();
    expect(await area(page).inputValue()).toBe("");
    await paste(page, "A\n".repeat(49_000));
    expect(await area(page).inputValue()).toBe("");
    await paste(page, `[Service]\r\nExecStart=/bin/true\r\n<b>\u202E\r\n`);
    await summary(page, /^1 file: 1 warning\.$/);
    expect(await page.getByText("This text is too long").count()).toBe(0);
    await page.getByRole("button", { name: "app.service, line 3" }).first().waitFor();
    expect(await page.locator(".finding-list").textContent(), "no message is reversed").not.toContain(
      "\u202E",
    );
    expect(await page.locator("b, img[src=x]").filter({ hasText: "\u202E" }).count()).toBe(0);
  });

  test("a unit with its name, pasted above another unit, becomes a file. Its tab and its marks are visible in forced colors", async () => {
    const page = await open("", { forcedColors: "active" });
    await paste(page, service);
    await area(page).press("Control+Home");
    await paste(page, `# /etc/systemd/system/shop.socket\n${socket}`);
    const tabs = page.getByRole("tab");
    expect(await tabs.first().textContent()).toContain("shop.socket");
    expect(await tabs.last().textContent()).toContain("app.service");
    const border = (place: Locator, side: string) =>
      place.evaluate((it, name) => getComputedStyle(it).getPropertyValue(`border-${name}-color`), side);
    expect(await border(tabs.first(), "bottom")).not.toBe(await border(tabs.last(), "bottom"));
    await tabs.last().click();
    const marked = page.locator(".row.error, .row.warning, .row.info").first();
    expect(await border(marked, "left")).not.toBe(
      await border(page.locator(".row:not(.error, .warning, .info)").first(), "left"),
    );
  });

  test.each([
    ["on a laptop", LAPTOP],
    ["on a phone", PHONE],
  ])(
    "axe finds no problem in the empty page, the example, and the fixed example, %s",
    async (_, viewport) => {
      const page = await open("", { viewport });
      const faults: string[] = [];
      async function look(state: string): Promise<void> {
        for (const isDark of [false, true]) {
          await setDark(page, isDark);
          faults.push(...(await faultsOf(page, `${state}, ${isDark ? "dark" : "light"}`, false)));
        }
        faults.push(...(await widerThanWindow(page)));
      }
      await look("empty");
      await page.getByRole("button", { name: "Show an example" }).click();
      await page.locator(".finding-list li.error").first().waitFor();
      await look("example");
      await page.getByRole("button", { name: "Apply all fixes" }).click();
      await page.locator("details summary").click();
      await look("fixed");
      expect(faults).toEqual([]);
    },
  );
});
