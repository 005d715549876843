import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describeWith, systemdVersion } from "@sockact/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { directivesOf } from "../src/lib/systemd/directives.ts";
import { oldestVersion, sinceOf } from "../src/lib/systemd/versions.ts";

/** The places of directives: the suffix of a unit, and a section. */
const places = [
  ["service", "Unit"],
  ["service", "Service"],
  ["service", "Install"],
  ["socket", "Socket"],
  ["timer", "Timer"],
] as const;

/** What `systemd-analyze verify` says of the lines of one section: by the number of the line, from 0. */
function complaintsOf(type: string, section: string, lines: readonly string[]): Map<number, string> {
  const folder = mkdtempSync(join(tmpdir(), "sockact-versions-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const unit = join(folder, `app.${type}`);
  const rest: Record<string, string> = {
    service: "[Service]\nExecStart=/bin/true\n",
    socket: "[Socket]\nListenStream=/run/app.sock\n",
    timer: "[Timer]\nOnBootSec=1h\n",
  };
  writeFileSync(unit, `[${section}]\n${lines.join("\n")}\n${rest[type]}`);
  writeFileSync(join(folder, "app.service"), type === "service" ? readFileSync(unit) : rest["service"]!);
  const { stderr, error } = spawnSync("systemd-analyze", ["verify", "--man=no", unit], { encoding: "utf8" });
  if (error) throw error;
  const said = stderr.matchAll(new RegExp(`app\\.${type}:(\\d+): (.*)`, "g"));
  return new Map(Array.from(said, ([, line, text]) => [Number(line) - 2, text!]));
}

describeWith({ commands: ["systemd-analyze"] }, "the table of versions, on the systemd here", () => {
  const version = systemdVersion() ?? 0;

  it.each(places)("has what it knows: of a %s, in [%s]", (type, section) => {
    const names = [...directivesOf[type]![section]!.keys()];
    const said = complaintsOf(
      type,
      section,
      names.map((name) => `${name}=`),
    );
    const unknown = names.filter((_, index) => said.get(index)?.startsWith("Unknown key"));
    expect(unknown).toEqual(names.filter((name) => sinceOf(name) > version));
  });
});

const pages = ["unit", "service", "socket", "timer", "exec", "kill", "resource-control"].map(
  (name) => `/usr/share/man/man5/systemd.${name}.5.gz`,
);

/** "Added in version" of the man pages, by directive: that which stands in the directive's own text, not in that of a value. */
function versionsInManPages(): Map<string, number> {
  const found = new Map<string, number>();
  for (const page of pages) {
    const stack: string[] = [];
    const lines = gunzipSync(readFileSync(page)).toString().split("\n");
    let term = "";
    for (const [index, line] of lines.entries()) {
      if (line === ".PP") term = lines[index + 1] ?? "";
      else if (line.startsWith(".SH")) stack.length = 0;
      else if (line.startsWith(".RS")) (stack.push(term), (term = ""));
      else if (line.startsWith(".RE")) stack.pop();
      const version = /^Added in version (\d+)/.exec(line)?.[1];
      if (version === undefined || stack.length !== 1) continue;
      for (const [, name] of stack[0]!.matchAll(/(?:\\fI|, )(\w+)=/g)) found.set(name!, Number(version));
    }
  }
  return found;
}

describe.runIf(existsSync(pages[0]!))("the table of versions, and the man pages", () => {
  it("agree", () => {
    const known = new Set(places.flatMap(([type, section]) => [...directivesOf[type]![section]!.keys()]));
    const documented = versionsInManPages();
    const differ = [...documented].filter(
      ([name, version]) => known.has(name) && sinceOf(name) !== Math.max(version, oldestVersion),
    );
    expect(differ.map(([name, version]) => `${name}: ${version} there, ${sinceOf(name)} here`)).toEqual([]);
    expect([...documented.keys()].filter((name) => !known.has(name))).toEqual([]);
    expect(documented.size).toBeGreaterThan(200);
  });
});
