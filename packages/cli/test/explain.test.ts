import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startProcess } from "@sockact/testkit";
import { describe, expect, it } from "vitest";
import { sockact } from "./run.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

type Explanation = Record<string, string> & {
  code: string;
  theme: string;
  meaning: string;
  url: string;
};

async function explain(...args: string[]) {
  const running = startProcess([process.execPath, sockact, "explain", ...args]);
  const code = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

/** The codes of errors and warnings that the sources of the packages have in their types. */
function codesInSources(): string[] {
  const packages = join(root, "packages");
  const sources = readdirSync(packages, { recursive: true, encoding: "utf8" }).filter((file) =>
    /^[^/]+\/src\/.*(?<!\.test)\.ts$/.test(file),
  );
  return sources.flatMap((file) =>
    Array.from(
      readFileSync(join(packages, file), "utf8").matchAll(/^[^/*\n]*\| "((?:ERR|SOCKACT)_\w+)"/gm),
      ([, code]) => code!,
    ),
  );
}

/** The codes that have a heading in a page. */
function codesInPage(page: string): string[] {
  const text = readFileSync(join(root, "docs", page), "utf8");
  return Array.from(text.matchAll(/^#+ `([^`]+)`$/gm), ([, code]) => code!);
}

describe("sockact explain", () => {
  it("without a code lists each code of the sources and of the pages, by theme", async () => {
    const { stdout } = await explain("--json");
    const explained = JSON.parse(stdout) as Explanation[];
    const codes = new Set(explained.map(({ code }) => code));
    const expected = [
      ...codesInSources(),
      ...["codes/errors.md", "codes/lint.md", "codes/doctor.md", "codes/prove.md"].flatMap((page) =>
        codesInPage(page),
      ),
    ];
    expect(expected.length).toBeGreaterThan(150);
    const missing = expected.filter((code) => !codes.has(code));
    expect(missing, "document these in docs, and build the command line").toEqual([]);
    const list = await explain();
    expect(expected.filter((code) => !list.stdout.includes(` ${code}`))).toEqual([]);
    expect(list.stdout).toContain("\nLinter: The socket unit\n  listen-missing ");
    expect(list.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("prints the address of the code's page on the site, and only absolute links", async () => {
    const explained = JSON.parse((await explain("--json")).stdout) as Explanation[];
    const site = "https://sockact.github.io/sockact/";
    for (const { code, url } of explained) expect(url).toBe(`${site}codes/${code}`);
    const links = explained.flatMap((one) =>
      Object.values(one).flatMap((text) =>
        Array.from(text.matchAll(/\]\(([^)]+)\)/g), ([, target]) => target!),
      ),
    );
    expect(links.length).toBeGreaterThan(5);
    const pages = links.map(
      (link) => /^https:\/\/sockact\.github\.io\/sockact\/([^#]+)/.exec(link)?.[1] ?? link,
    );
    expect(pages.filter((page) => !existsSync(join(root, "docs", `${page}.md`)))).toEqual([]);
  });

  it.each([
    "SOCKACT_ERR_NAME_UNKNOWN",
    "sockact_err_name_unknown",
    "(SOCKACT_ERR_NAME_UNKNOWN)",
    "SOCKACT_ERR_NAME_UNKNOWN:",
  ])("%s is explained, as it may be copied", async (code) => {
    expect(await explain(code)).toEqual({
      code: 0,
      stderr: "",
      stdout: [
        "SOCKACT_ERR_NAME_UNKNOWN",
        "Sockets: @sockact/core and the adapters, Errors",
        "",
        "systemd passed no socket with the name that your app, SOCKACT_MAP or",
        "SOCKACT_PROXY_PROTOCOL",
        "(https://sockact.github.io/sockact/proxy-protocol#how-do-i-turn-it-on-in-the-unit)",
        "asks for. The message lists the names that were passed.",
        "",
        "What to change:",
        "  Set FileDescriptorName= in the socket unit to this name, or use one of the",
        "  listed names in name, sockets or the variable.",
        "",
        "https://sockact.github.io/sockact/codes/SOCKACT_ERR_NAME_UNKNOWN",
        "",
      ].join("\n"),
    });
  });

  it("a finding of the linter has its severity, its fix and the manual page", async () => {
    const { stdout } = await explain("free-bind");
    expect(stdout).toMatch(
      /^free-bind\nLinter: The socket unit · warning\n\nSockets are opened early at boot/,
    );
    expect(stdout).toContain("\nFixed by sockact lint --fix:\n  always\n\nSee:\n  systemd.socket(5)\n");
  });

  it("several codes are all explained", async () => {
    const { code, stdout } = await explain("SOCKACT_ERR_USAGE", "SOCKACT_WARN_UNCLAIMED", "--json");
    expect(code).toBe(0);
    const codes = (JSON.parse(stdout) as Explanation[]).map((one) => one.code);
    expect(codes).toEqual(["SOCKACT_ERR_USAGE", "SOCKACT_WARN_UNCLAIMED"]);
  });

  it.each([
    ["SOCKACT_ERR_NAME_UNKNWN", "Did you mean SOCKACT_ERR_NAME_UNKNOWN?"],
    ["privileged", "Did you mean port-privileged?"],
    ["what", "sockact explain lists all codes."],
  ])("%s is unknown: an error with the nearest codes, and 2", async (code, hint) => {
    expect(await explain(code)).toEqual({
      code: 2,
      stdout: "",
      stderr: `error: unknown code ${code} (SOCKACT_ERR_CODE_UNKNOWN)\n${hint}\n`,
    });
  });
});
