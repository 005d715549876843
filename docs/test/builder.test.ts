import { readFileSync } from "node:fs";
import { strFromU8, unzipSync } from "fflate";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { browserCommand, launchBrowser } from "./lib/browser.ts";
import { type BuiltSite, serveBuiltSite } from "./lib/built-site.ts";
import { faultsOf, LAPTOP, openPage, PHONE, setDark, widerThanWindow } from "./lib/visit.ts";

describeWith({ commands: [browserCommand] }, "the unit builder, in a browser", () => {
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

  /** Opens the page in a new browser profile, optionally with the hash of a link. */
  async function open(hash = "", options: BrowserContextOptions = {}): Promise<Page> {
    complaints = [];
    context = await browser.newContext({
      viewport: LAPTOP,
      reducedMotion: "reduce",
      permissions: ["clipboard-read", "clipboard-write"],
      ...options,
    });
    return openPage(context, site, `builder${hash}`, complaints);
  }

  const unit = (page: Page, name: string) => page.getByRole("figure", { name, exact: true });
  const textOf = async (page: Page, name: string) =>
    (await unit(page, name).locator(".line").allTextContents()).join("\n");
  const line = (page: Page, file: string, text: string) =>
    unit(page, file).getByRole("button", { name: text, exact: true });
  const nameOf = (page: Page) => page.getByRole("group", { name: "App" }).getByLabel("Name");
  const summaryOf = (page: Page) => page.locator(".summary").textContent();

  /** The files that a button downloads, by name. */
  async function download(page: Page, start: () => Promise<void>): Promise<[name: string, content: Buffer]> {
    const [saved] = await Promise.all([page.waitForEvent("download"), start()]);
    return [saved.suggestedFilename(), readFileSync(await saved.path())];
  }

  async function downloadAll(page: Page): Promise<Record<string, string>> {
    const [name, content] = await download(page, () =>
      page.getByRole("button", { name: "Download all" }).click(),
    );
    expect(name).toMatch(/\.zip$/);
    return Object.fromEntries(
      Object.entries(unzipSync(new Uint8Array(content))).map(([file, bytes]) => [file, strFromU8(bytes)]),
    );
  }

  test("shows the units for the form while the reader types", async () => {
    const page = await open();
    expect(await textOf(page, "shop.socket")).toContain("ListenStream=80");
    await nameOf(page).fill("blog");
    await page.getByLabel("Port or address").fill("127.0.0.1:8080");
    expect(await textOf(page, "blog.socket")).toContain("ListenStream=127.0.0.1:8080");
    expect(await textOf(page, "blog.service"), "the path of the script follows the name").toContain(
      "ExecStart=/usr/bin/node /srv/blog/server.js",
    );
    await page.getByText(/^More:/).click();
    await page.getByLabel("Sleep after").fill("5min");
    await page.getByLabel("User").fill("www-data");
    await page.getByLabel("What may the app do?").selectOption("inbound");
    await page.getByLabel("Version of systemd").selectOption("257");
    const service = await textOf(page, "blog.service");
    expect(service).toContain("User=www-data");
    expect(service).toContain("SOCKACT_IDLE_TIMEOUT=5min");
    expect(service).toContain("RestrictAddressFamilies=none");
    expect(await summaryOf(page)).toMatch(/^2 files, .*, sandbox \d\.\d [A-Z]+$/);
  });

  test("an app with host names gets a unix socket, one command, and a site for each proxy", async () => {
    const page = await open();
    await page.getByLabel("Port or address").fill("443");
    const help = page.getByText("Browsers expect HTTPS on port 443.");
    await help.waitFor();
    await page.getByLabel("TLS (https)").check();
    expect(await help.count()).toBe(0);
    await page.getByLabel("How the app gets its ports").selectOption("host");
    expect(await page.getByRole("group", { name: "Certificate" }).count()).toBe(0);
    const hosts = page.getByLabel("Host names");
    expect(await hosts.inputValue()).toBe("shop.example.com");
    await nameOf(page).fill("blog");
    expect(await hosts.inputValue(), "the host name follows the name").toBe("blog.example.com");
    await hosts.fill("blog.example.com blog_1.example.com");
    expect(await hosts.getAttribute("aria-invalid")).toBe("true");
    await hosts.fill("blog.example.com, www.example.com");
    expect(await textOf(page, "blog.socket")).toContain(
      "ListenStream=/run/blog.sock\nSocketMode=0660\nSocketGroup=www-data",
    );
    expect(await textOf(page, "blog.service")).toContain("Environment=SOCKACT_TRUST_PROXY=yes");
    expect(await summaryOf(page)).toMatch(/^2 files, 0 findings|^2 files, no findings/);
    await page.getByRole("tab", { name: "Install" }).click();
    expect(await page.getByRole("figure", { name: "Install in short" }).textContent()).toContain(
      "sudo npx sockact install server.js --name blog --host blog.example.com --host www.example.com",
    );
    const files = await downloadAll(page);
    expect(files["blog.caddy"]).toContain("reverse_proxy unix//run/blog.sock");
    expect(files["sockact-blog.conf"]).toContain("server_name blog.example.com www.example.com;");
    expect(files["sockact.config.mjs"]).toContain('hosts: ["blog.example.com", "www.example.com"]');
  });

  test("a link restores the form in another browser, and Back restores the earlier form", async () => {
    const first = await open();
    await nameOf(first).fill("blog");
    await first.getByRole("button", { name: "Add a socket" }).click();
    expect(await first.evaluate(() => document.activeElement?.id), "the new socket has the focus").toBe(
      "builder-sockets-1-listen",
    );
    await first.getByLabel("Framework").selectOption("fastify");
    await first.getByRole("button", { name: "Copy link" }).click();
    const link = await first.evaluate(() => navigator.clipboard.readText());
    await first.waitForURL(link);
    const written = await textOf(first, "blog.service");
    expect(written).toContain("Requires=blog-https.socket");
    await context.close();

    const second = await open(new URL(link).hash);
    expect(await textOf(second, "blog.service")).toBe(written);
    expect(await second.getByLabel("Framework").inputValue()).toBe("fastify");
    await second.evaluate(() => (location.hash = "#app=notes"));
    await unit(second, "notes.service").waitFor();
    await second.goBack();
    await unit(second, "blog.service").waitFor();
    await second.getByRole("button", { name: "Start again" }).click();
    await unit(second, "shop.service").waitFor();
    await second.waitForURL((address) => address.hash === "");
  });

  test("the problem of a wrong value is shown at its field, and a right value clears it", async () => {
    const page = await open();
    const field = page.getByLabel("Port or address");
    await field.fill("70000");
    expect(await field.getAttribute("aria-invalid")).toBe("true");
    const [described = ""] = (await field.getAttribute("aria-describedby"))?.split(" ") ?? [];
    expect(await page.locator(`#${described}`).textContent()).toMatch(/65535|port/i);
    expect(await summaryOf(page)).toBe("1 problem");
    expect(await textOf(page, "shop.socket"), "the units from before").toContain("ListenStream=80");
    await page.getByRole("button", { name: "the port is 70000" }).click();
    expect(await field.evaluate((input) => document.activeElement === input)).toBe(true);
    await field.fill("7000");
    expect(await field.getAttribute("aria-invalid")).toBeNull();
    expect(await textOf(page, "shop.socket")).toContain("ListenStream=7000");
    expect(await summaryOf(page)).toMatch(/^2 files/);
  });

  test("variables, a file of them, a writable folder and a limit of memory reach the units, the config and the link", async () => {
    const page = await open();
    const variables = page.getByLabel("Variables", { exact: true });
    await variables.fill("LOG_LEVEL=debug\nTITLE");
    expect(await variables.getAttribute("aria-invalid")).toBe("true");
    const described = (await variables.getAttribute("aria-describedby"))?.split(" ") ?? [];
    expect(described).toEqual(["builder-environment-help", "builder-environment-problem"]);
    expect(await page.locator("#builder-environment-problem").textContent()).toContain("NAME=value");
    await variables.press("End");
    await variables.pressSequentially("=My shop");
    await page.getByLabel("File of variables").fill("/etc/shop.env");
    await page.getByLabel("Writable folders").fill("/srv/shop/uploads\n/srv/shop/thumbs");
    await page.getByRole("button", { name: "owns no such folder" }).first().click();
    await page.getByLabel("User").fill("web");
    await page.getByLabel("Memory limit").fill("512M");
    const lines = [
      "User=web",
      "Environment=LOG_LEVEL=debug",
      'Environment="TITLE=My shop"',
      "EnvironmentFile=/etc/shop.env",
      "MemoryMax=512M",
      "ReadWritePaths=/srv/shop/uploads",
      "ReadWritePaths=/srv/shop/thumbs",
    ];
    const service = (await textOf(page, "shop.service")).split("\n");
    expect(service).toEqual(expect.arrayContaining(lines));
    expect((await downloadAll(page))["sockact.config.mjs"]).toContain('memoryMax: "512M"');
    await page.waitForURL(/#user=web&env=LOG_LEVEL%3Ddebug%0ATITLE%3DMy%20shop&.*memory=512M$/);
    const { hash } = new URL(page.url());
    await context.close();

    const again = await open(hash);
    expect((await textOf(again, "shop.service")).split("\n")).toEqual(service);
    expect(await again.getByLabel("Variables", { exact: true }).isVisible()).toBe(true);
  });

  test("a link with a problem shows the problem, and no units that the reader never had", async () => {
    const page = await open("#app=blog&idle=5");
    expect(await summaryOf(page)).toBe("1 problem");
    expect(await page.locator(".unit-text").count()).toBe(0);
    expect(await page.getByRole("button", { name: "Download all" }).count()).toBe(0);
    await page.getByLabel("Sleep after").fill("5min");
    await unit(page, "blog.service").waitFor();
  });

  test("Back restores what the reader typed just before the address changed", async () => {
    const page = await open("#what-do-i-get");
    await nameOf(page).fill("blog");
    await page.waitForURL(/#app=blog&/);
    await nameOf(page).pressSequentially("-two");
    await page.locator(".VPNavBarTitle a").click();
    await page.locator(".front").waitFor();
    await page.goBack();
    await unit(page, "blog-two.service").waitFor();
    await nameOf(page).fill("notes");
    await page.evaluate(() => (location.hash = "#app=other"));
    await unit(page, "other.service").waitFor();
    await page.goBack();
    await unit(page, "notes.service").waitFor();
    expect(await nameOf(page).inputValue()).toBe("notes");
  });

  test("a long text makes neither the page wide nor the browser slow, and a damaged link causes no error", async () => {
    const page = await open("#app=%", { viewport: PHONE });
    expect(await nameOf(page).getAttribute("aria-invalid")).toBe("true");
    await nameOf(page).fill("blog");
    await page.getByLabel("Path of your app's file").fill("a".repeat(4000));
    expect(await widerThanWindow(page)).toEqual([]);
    await page.getByLabel("Path of your app's file").fill("/srv/blog/server.js");
    await page.evaluate((hash) => (location.hash = hash), `#socket=${"x%20".repeat(490)}`);
    await page.waitForFunction(() => document.querySelectorAll(".unit-builder .notice li").length >= 1);
    expect(await page.locator(".unit-builder .notice li").count()).toBeLessThanOrEqual(20);
    expect(await page.locator(".form-field .problem strong").count()).toBeLessThanOrEqual(10);
  });

  test("a double click removes one socket, and a selected tab is visible in forced colors", async () => {
    const page = await open("#socket=80,a&socket=81,b&socket=82,c", { forcedColors: "active" });
    await page.getByRole("button", { name: "Remove socket 1" }).dblclick();
    expect(await page.getByLabel("Port or address").count()).toBe(2);
    await page.getByRole("button", { name: "Remove socket 2" }).dblclick();
    expect(await page.getByLabel("Port or address").count()).toBe(1);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("builder-sockets-0-listen");
    const border = (name: string) =>
      page
        .getByRole("tab", { name })
        .evaluate((tab) => getComputedStyle(tab).getPropertyValue("border-bottom-color"));
    expect(await border("Units")).not.toBe(await border("Install"));
  });

  test("without JavaScript, the fields are disabled and the page names the command line", async () => {
    complaints = [];
    context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${site.origin}${site.base}builder`);
    expect(await nameOf(page).isDisabled()).toBe(true);
    expect(await page.getByRole("button", { name: "Copy link" }).isDisabled()).toBe(true);
    expect(await page.locator("noscript").innerText()).toContain("only if your browser runs JavaScript");
  });

  describe("the explanation of a line", () => {
    const why = (page: Page) => unit(page, "shop.service").locator(".why");

    test("is shown when the pointer is on the line", async () => {
      const page = await open();
      await line(page, "shop.service", "PrivateTmp=yes").hover();
      expect(await why(page).textContent()).toContain("The service has its own /tmp");
      expect(await why(page).getByRole("link").getAttribute("href")).toMatch(/#PrivateTmp=$/);
      await page.mouse.move(0, 0);
      expect(await why(page).textContent()).not.toContain("/tmp");
    });

    test("is shown, and read by a screen reader, when the arrow keys reach the line", async () => {
      const page = await open();
      const first = line(page, "shop.service", "Description=shop");
      await first.focus();
      await page.keyboard.press("ArrowDown");
      const focused = page.locator("button.line:focus");
      expect(await focused.textContent()).toBe("Requires=shop.socket");
      expect(await focused.getAttribute("aria-describedby")).toBe(await why(page).getAttribute("id"));
      expect(await why(page).textContent()).toContain("The service gets its socket");
      await page.keyboard.press("End");
      expect(await focused.textContent()).toBe("Also=shop.socket");
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Also=");
    });

    test("names the field of the form that a line comes from", async () => {
      const page = await open("#user=web");
      await line(page, "shop.service", "User=web").hover();
      expect(await why(page).textContent()).toContain("from the field “User”");
      expect(await why(page).textContent()).toContain("The service runs as this user.");
    });

    test("is shown on a phone when the reader taps the line", async () => {
      const page = await open("", { viewport: PHONE, hasTouch: true, isMobile: true });
      await line(page, "shop.service", "NoNewPrivileges=yes").tap();
      await why(page).getByText("added by sockact").waitFor();
      expect(await why(page).isVisible()).toBe(true);
    });
  });

  test("the keyboard alone reaches every field and downloads the units", async () => {
    const page = await open();
    await nameOf(page).focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("blog");
    const seen: string[] = [];
    const name = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
    for (let at = ""; !at.startsWith("Download all") && seen.length < 40; seen.push(at)) {
      await page.keyboard.press("Tab");
      at = await name();
    }
    const [file] = await download(page, () => page.keyboard.press("Enter"));
    expect(file).toBe("blog.zip");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    for (const tab of ["Findings", "Sandbox", "App code", "Install", "Units"]) {
      await page.keyboard.press("ArrowRight");
      expect(await name()).toContain(tab);
    }
    expect(await page.locator("[tabindex]:not([tabindex='0'], [tabindex='-1'])").count()).toBe(0);
  });

  test("axe finds no problem in any state, light and dark, on a laptop and on a phone", async () => {
    const page = await open("#app=blog");
    // On a phone, this button stays at the bottom of the window, and the bars of the site at its top. Which
    // field they cover depends on the scroll position.
    await page.addStyleTag({
      content: ".to-units, .VPNav, .VPLocalNav { position: static !important }",
    });
    const faults: string[] = [];
    const look = async (state: string) => {
      for (const [viewport, isDark] of [
        [LAPTOP, false],
        [PHONE, true],
      ] as const) {
        await page.setViewportSize(viewport);
        await setDark(page, isDark);
        const mode = `${state}, ${viewport.width}${isDark ? " dark" : ""}`;
        faults.push(
          // In dark mode, only the colors differ.
          ...(await faultsOf(page, mode, false, isDark ? ["color-contrast", "target-size"] : undefined)),
          ...(await widerThanWindow(page)).map((it) => `${mode}: ${it}`),
        );
      }
    };
    await page.getByRole("button", { name: "Add a socket" }).click();
    await page.getByText(/^More:/).click();
    await line(page, "blog.service", "PrivateTmp=yes").focus();
    await look("TLS, with an explanation");
    for (const tab of ["Findings", "Sandbox", "App code", "Install"]) {
      await page.getByRole("tab", { name: tab }).click();
      await look(tab);
    }
    await nameOf(page).fill("");
    await look("with problems");
    expect(faults).toEqual([]);
  });

  test("the page changes once for a key, before the browser draws the next frame", async () => {
    const page = await open();
    const field = nameOf(page);
    await field.evaluate((input) => {
      const changes: ("at once" | "later")[] = [];
      Object.assign(globalThis, { changes });
      let isSameTask = false;
      const { port1, port2 } = new MessageChannel();
      port1.addEventListener("message", () => (isSameTask = false));
      port1.start();
      input.addEventListener(
        "input",
        () => {
          isSameTask = true;
          // A message is a task of its own. The browser can draw only between two tasks.
          port2.postMessage(undefined);
        },
        { capture: true },
      );
      // The observer runs after Vue has made all changes.
      new MutationObserver(() => changes.push(isSameTask ? "at once" : "later")).observe(
        document.querySelector(".result")!,
        { subtree: true, childList: true, characterData: true },
      );
    });
    await field.press("End");
    await page.keyboard.type("abcdefghijklmnopqrstuvwxyz0123");
    const changes = await page.evaluate(() => (globalThis as unknown as { changes: string[] }).changes);
    expect(changes).toEqual(Array.from({ length: 30 }, () => "at once"));
  });

  describeWith({ privateSystemd: true, systemd: 253 }, "the downloaded units, in a real systemd", () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
    });
    afterAll(() => systemd?.close());

    test("pass systemd-analyze verify without output, and serve a request", async () => {
      await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
      const page = await open();
      await page.getByLabel("Path of Node").fill(systemd.node);
      const files = await downloadAll(page);
      expect(Object.keys(files).toSorted()).toEqual([
        "server.js",
        "shop.service",
        "shop.socket",
        "sockact.config.mjs",
      ]);
      const units = ["shop.socket", "shop.service"].map((name) => `/etc/systemd/system/${name}`);
      for (const path of units) await systemd.write(path, files[path.replace(/.*\//, "")]!);
      await systemd.write("/srv/shop/server.js", files["server.js"]!);
      await systemd.mustRun(["ln", "-s", `${systemd.project}/node_modules`, "/srv/shop/node_modules"]);
      expect(await systemd.run(["systemd-analyze", "verify", ...units])).toEqual({
        stdout: "",
        stderr: "",
        code: 0,
      });
      await systemd.systemctl("daemon-reload");
      await systemd.systemctl("enable", "--now", "shop.socket");
      expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200 });
      await systemd.waitForUnit("shop.service", "ActiveState", "active");
    });
  });
});
