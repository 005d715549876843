import { mkdir, rm, writeFile } from "node:fs/promises";
import { bootPrivateSystemd, describeWith, type PrivateSystemd, systemdVersion } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { directivesOf, type ValueKind } from "../src/lib/systemd/directives.ts";
import { loadUnit, readFiles, valuesOf } from "../src/lib/parse/load.ts";
import { tried } from "./directive-values.ts";

/** A value that is not the default of most directives of a kind. */
const ofKind: Partial<Record<ValueKind, readonly string[]>> = {
  boolean: ["yes", "no"],
  span: ["7s"],
  mode: ["0712"],
  count: ["7"],
  units: ["other.service"],
};

/** Values of directives that need one of their own. */
const ofKey: Readonly<Record<string, readonly string[]>> = {
  Restart: ["always"],
  Type: ["exec"],
  User: ["nobody"],
  ExecStart: ["/bin/false"],
  Environment: ["A=1"],
  Sockets: ["other.socket"],
  Service: ["other.service"],
  FileDescriptorName: ["http"],
  Accept: ["yes"],
  KillMode: ["mixed"],
  NotifyAccess: ["all"],
  PrivateTmp: ["yes"],
  ProtectHome: ["yes"],
  ProtectSystem: ["strict"],
  AmbientCapabilities: ["CAP_NET_BIND_SERVICE"],
  StateDirectory: ["app"],
  RestartForceExitStatus: ["7"],
  ConditionPathExists: ["/srv/on"],
  AssertPathExists: ["/srv/on"],
  BindIPv6Only: ["both"],
  SocketUser: ["nobody"],
  Requires: ["other.service"],
};

interface Case {
  section: string;
  key: string;
  value: string;
}

/** The unit without the directive, with it, and with an empty assignment after it. */
function three(name: string, { section, key, value }: Case): Record<string, string> {
  const isSocket = section === "Socket";
  const base = isSocket ? "[Socket]\nListenStream=/run/app.sock\n" : "[Service]\nExecStart=/bin/true\n";
  const file = (letter: string) => `${name}${letter}.${isSocket ? "socket" : "service"}`;
  const line = `[${section}]\n${key}=${value}\n`;
  return {
    [file("a")]: base,
    [file("b")]: `${base}${line}`,
    [file("c")]: `${base}${line}${key}=\n`,
  };
}

const every = process.env["SOCKACT_LONG"] === "1" ? 1 : 6;
/** All cases, or a sample of them. */
const cases: Case[] = (
  [
    ["service", "Unit"],
    ["service", "Service"],
    ["socket", "Socket"],
  ] as const
)
  .flatMap(([type, section]) =>
    [...directivesOf[type]![section]!].flatMap(([key, kind]) =>
      [...(ofKey[key] ?? tried[section]?.[key] ?? tried["Service"]?.[key] ?? []), ...(ofKind[kind] ?? [])]
        .filter((value) => value !== "" && !/[%"]/.test(value))
        .slice(0, 5)
        .map((value) => ({ section, key, value })),
    ),
  )
  .filter((_, index) => index % every === 0);

/** What the machine has left, and what other units say of this one. */
const ofOthers =
  /^(?:MemoryAvailable|EffectiveMemory\w+|EffectiveTasksMax|\w+(?:edBy|dBy|Of)|Before|Following|PropagatesStopTo|StateChange\w*|Id|Names|Triggers)=/;

describeWith({ privateSystemd: true, systemd: 257 }, "an empty assignment", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  it("removes earlier values if systemd does", { timeout: 300_000 }, async () => {
    const root = systemd.hostPath("/run/systemd/system");
    const files = cases.map((one, index) => three(`empty${index}`, one));
    await mkdir(root, { recursive: true });
    const all = Object.assign({}, ...files) as Record<string, string>;
    for (const [name, text] of Object.entries(all)) {
      await writeFile(`${root}/${name}`, text);
      if (name.endsWith(".socket"))
        await writeFile(`${root}/${name.replace("socket", "service")}`, "[Service]\nExecStart=/bin/true\n");
    }
    await systemd.systemctl("daemon-reload");
    const names = Object.keys(all);
    const output = await systemd.mustRun(["systemctl", "--no-pager", "show", "--", ...names], {
      timeout: 200_000,
    });
    const shown = output
      .trimEnd()
      .split("\n\n")
      .map((text) =>
        text
          .replaceAll(/empty(\d+)[abc]/g, "empty$1")
          .split("\n")
          .filter((line) => !ofOthers.test(line))
          // The order in lists of units has no meaning.
          .map((line) => line.split(/[= ]/).toSorted().join(" "))
          .join("\n"),
      );
    expect(shown).toHaveLength(names.length);
    for (const name of names) await rm(`${root}/${name}`);
    const seen = new Map<string, { theirs: string; ours: string }>();
    cases.forEach(({ section, key }, index) => {
      const [without, withValue, withEmpty] = shown.slice(index * 3, index * 3 + 3);
      // A value for which systemd refuses the unit shows nothing.
      if (withValue?.includes("bad-setting") || without === withValue) return;
      if (withEmpty !== without && withEmpty !== withValue) return;
      const name = Object.keys(files[index]!)[2]!;
      const unit = loadUnit(name, readFiles(files[index]!))!;
      const ours = valuesOf(unit, section, key).length === 0 ? "taken back" : "kept";
      const theirs = withEmpty === without ? "taken back" : "kept";
      const other = seen.get(`${section}.${key}`);
      // Of a refused value, or of what an exclusion leaves, nothing is to be taken back.
      if (other?.theirs !== "taken back") seen.set(`${section}.${key}`, { theirs, ours });
    });
    // Since systemd 258 an empty one takes it back; the linter goes by what all do.
    if (systemdVersion()! >= 258) seen.delete("Service.ProtectHostname");
    const wrong = [...seen].filter(([, { theirs, ours }]) => theirs !== ours);
    expect(wrong).toEqual([]);
    const count = (what: string) => [...seen.values()].filter(({ theirs }) => theirs === what).length;
    expect(count("kept")).toBeGreaterThan(200 / every);
    expect(count("taken back")).toBeGreaterThan(200 / every);
  });
});
