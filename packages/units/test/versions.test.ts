import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describeWith, systemdVersion } from "@sockact/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { directiveNamed, directivesOf } from "../src/lib/systemd/directives.ts";
import { oldestVersion, sinceOf, sinceValue } from "../src/lib/systemd/versions.ts";

const version = systemdVersion() ?? 0;

/** The suffix of a unit, one of its sections, and a line in it. */
type Line = readonly [type: string, section: string, line: string];

/** Each directive, once for each type of unit that has it. */
const directives = (
  [
    ["service", "Unit"],
    ["service", "Service"],
    ["service", "Install"],
    ["socket", "Socket"],
    ["timer", "Timer"],
  ] as const
).flatMap(([type, section]) =>
  [...directivesOf[type]![section]!.keys()].map((key) => ({ type, section, key })),
);
const known = new Set(directives.map(({ key }) => key));

const needed: Record<string, string> = {
  service: "[Service]\nExecStart=/bin/true\n",
  socket: "[Socket]\nListenStream=/run/app.sock\n",
  timer: "[Timer]\nOnBootSec=1h\n",
};

/**
 * For each of the lines, what `systemd-analyze verify` says of it: each is in a unit of its own, and one call
 * reads them all.
 */
function complaintsOf(lines: readonly Line[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "sockact-versions-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const paths = lines.map(([type, section, line], index) => {
    if (type !== "service") writeFileSync(join(folder, `unit${index}.service`), needed["service"]!);
    const path = join(folder, `unit${index}.${type}`);
    writeFileSync(path, `[${section}]\n${line}\n${needed[type]}`);
    return path;
  });
  const { stderr, error } = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], {
    encoding: "utf8",
    env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
    maxBuffer: 1e8,
  });
  if (error) throw error;
  const said = stderr.matchAll(/\bunit(\d+)\.\w+:2: (.*)/g);
  const texts = new Map(Array.from(said, ([, index, text]) => [Number(index), text!]));
  return lines.map((_, index) => texts.get(index) ?? "");
}

describeWith({ commands: ["systemd-analyze"] }, `the table of versions, on systemd ${version}`, () => {
  it("has each directive that this systemd knows, and no newer one", () => {
    const said = complaintsOf(directives.map(({ type, section, key }) => [type, section, `${key}=`]));
    const unknown = directives.filter((_, index) => said[index]!.startsWith("Unknown key"));
    expect(unknown).toEqual(directives.filter(({ key }) => sinceOf(key) > version));
  });

  it("has each value that this systemd takes, and no newer one", () => {
    const values = Object.keys(sinceValue);
    const said = complaintsOf(
      values.map((name): Line => {
        const line = name.replace(/:$/, ":/run/log");
        if (name.startsWith("SocketProtocol=")) return ["socket", "Socket", line];
        return ["service", name.startsWith("On") ? "Unit" : "Service", line];
      }),
    );
    const refused = values.filter((_, index) => said[index] !== "");
    expect(refused).toEqual(values.filter((name) => sinceValue[name]! > version));
    expect(values.length).toBeGreaterThan(15);
  });
});

const manPages = ["unit", "service", "socket", "timer", "exec", "kill", "resource-control"].map(
  (name) => `/usr/share/man/man5/systemd.${name}.5.gz`,
);
const news = "/usr/share/doc/systemd/NEWS.gz";

const readZipped = (path: string): string => gunzipSync(readFileSync(path)).toString();

/** "Added in version" of the man pages, by directive. */
function versionsInManPages(): Map<string, number> {
  const found = new Map<string, number>();
  for (const page of manPages) {
    /** The paragraphs that the present line is in, each by its first line. */
    let paragraphs: string[] = [];
    let last = "";
    const lines = readZipped(page).split("\n");
    for (const [index, line] of lines.entries()) {
      if (line === ".PP") {
        last = lines[index + 1] ?? "";
      } else if (line.startsWith(".SH")) {
        paragraphs = [];
      } else if (line.startsWith(".RS")) {
        paragraphs.push(last);
        last = "";
      } else if (line.startsWith(".RE")) {
        paragraphs.pop();
      }
      const added = /^Added in version (\d+)/.exec(line)?.[1];
      // In a deeper one it is that of a value.
      if (added === undefined || paragraphs.length !== 1) continue;
      for (const [, name] of paragraphs[0]!.matchAll(/\\fI(\w+)=/g)) found.set(name!, Number(added));
    }
  }
  return found;
}

/** What NEWS says of each version. */
function newsByVersion(): Map<number, string> {
  const sections = readZipped(news)
    .split(/^CHANGES WITH /m)
    .slice(1);
  const all = new Map<number, string>();
  for (const section of sections) {
    const number = Number.parseInt(section, 10);
    all.set(number, `${all.get(number) ?? ""}${section}`);
  }
  return all;
}

/** Where the man pages have one version for directives that came one after the other; NEWS has each. */
const ofNews: Record<string, number> = {
  ConditionCPUs: 242,
  ConditionMemory: 242,
  ExecPaths: 248,
  NoExecPaths: 248,
  LoadCredentialEncrypted: 250,
  SetCredentialEncrypted: 250,
  StartupAllowedCPUs: 250,
  StartupAllowedMemoryNodes: 250,
  StartupMemoryLow: 254,
  StartupMemoryHigh: 254,
  StartupMemoryMax: 254,
  StartupMemorySwapMax: 254,
  StartupMemoryZSwapMax: 254,
  DefaultStartupMemoryLow: 254,
  UpheldBy: 254,
};

/** What is older than 239, and that the man pages date by when its text was moved. */
const movedText = /^(?:JobTimeoutAction|JobTimeoutRebootArgument|MemoryLow)$|^Condition/;

it("a directive is the same in each section that has it", () => {
  for (const { type, section, key } of directives) {
    const { since, resets } = directivesOf[type]![section]!.get(key)!;
    expect({ key, ...directiveNamed(key) }).toMatchObject({ key, since, resets });
  }
});

describeWith({ systemd: 257 }, "the table of versions", () => {
  describe.runIf([...manPages, news].every((path) => existsSync(path)))(
    "and what systemd writes of itself",
    () => {
      it("has the versions of the man pages", () => {
        const documented = versionsInManPages();
        expect(documented.size).toBeGreaterThan(300);
        const expected = [...documented]
          // An assertion came with the condition of its name.
          .filter(([name]) => known.has(name) && !name.startsWith("Assert"))
          .map(([name, added]) => {
            const moved = movedText.test(name) && sinceOf(name) === oldestVersion;
            return [name, moved ? oldestVersion : Math.max(ofNews[name] ?? added, oldestVersion)] as const;
          });
        expect(expected.map(([name]) => [name, sinceOf(name)])).toEqual(expected);
      });

      it("has the versions of NEWS where the man pages have another", () => {
        const sections = newsByVersion();
        const inNews = Object.entries(ofNews).filter(([name, added]) =>
          sections.get(added)?.includes(`${name}=`),
        );
        expect(Object.fromEntries(inNews)).toEqual(ofNews);
        for (const [name, added] of Object.entries(ofNews))
          expect([name, sinceOf(name)]).toEqual([name, added]);
      });
    },
  );
});
