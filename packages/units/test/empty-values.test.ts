import { mkdir, rm, writeFile } from "node:fs/promises";
import { bootPrivateSystemd, describeWith, type PrivateSystemd, systemdVersion } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { directivesOf, type ValueKind } from "../src/lib/systemd/directives.ts";
import { givenOf, parseUnits } from "../src/lib/model/unit-set.ts";
import { loadUnit, valuesOf } from "../src/lib/parse/load.ts";
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
  RestrictNetworkInterfaces: ["lo"],
};

interface Case {
  section: string;
  key: string;
  value: string;
}

const base = {
  socket: "[Socket]\nListenStream=/run/app.sock\n",
  service: "[Service]\nExecStart=/bin/true\n",
};

const typeOf = ({ section }: Case) => (section === "Socket" ? "socket" : "service");

/** The unit with the directive, and with an empty assignment after it. */
function two(name: string, one: Case): Record<string, string> {
  const type = typeOf(one);
  const text = `${base[type]}[${one.section}]\n${one.key}=${one.value}\n`;
  return { [`${name}b.${type}`]: text, [`${name}c.${type}`]: `${text}${one.key}=\n` };
}

/** Up to so many values of each directive. */
const casesOf = (values: number): Case[] =>
  (
    [
      ["service", "Unit"],
      ["service", "Service"],
      ["socket", "Socket"],
    ] as const
  ).flatMap(([type, section]) =>
    [...directivesOf[type]![section]!].flatMap(([key, { kind }]) =>
      [...(ofKey[key] ?? tried[section]?.[key] ?? tried["Service"]?.[key] ?? []), ...(ofKind[kind] ?? [])]
        .filter((value) => value !== "" && !/[%"]/.test(value))
        .slice(0, values)
        .map((value) => ({ section, key, value })),
    ),
  );

/** What the machine has left, and what other units say of this one. */
const ofOthers =
  /^(?:MemoryAvailable|EffectiveMemory\w+|EffectiveTasksMax|\w+(?:edBy|dBy|Of)|Before|Following|PropagatesStopTo|StateChange\w*|Id|Names|Triggers)=/;

describeWith({ privateSystemd: true, systemd: 257 }, "an empty assignment", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  // systemd takes long to show units: one value of each third directive.
  it("removes earlier values if systemd does", () =>
    compare(
      casesOf(1).filter((_, index) => index % 3 === 0),
      25,
    ));
  it("removes earlier values if systemd does, whatever they are", { tags: "campaign" }, () =>
    compare(casesOf(5), 150),
  );

  /** What systemd shows of each of these units. */
  async function shown(files: Record<string, string>): Promise<string[]> {
    const root = systemd.hostPath("/run/systemd/system");
    await mkdir(root, { recursive: true });
    const services = Object.keys(files)
      .filter((name) => name.endsWith(".socket"))
      .map((name) => [name.replace("socket", "service"), base.service]);
    const all = Object.entries({ ...files, ...(Object.fromEntries(services) as Record<string, string>) });
    await Promise.all(all.map(([name, text]) => writeFile(`${root}/${name}`, text)));
    await systemd.mustRun(["systemctl", "daemon-reload"], { timeout: 200_000 });
    const names = Object.keys(files);
    const output = await systemd.mustRun(["systemctl", "--no-pager", "show", "--", ...names], {
      timeout: 200_000,
    });
    await Promise.all(all.map(([name]) => rm(`${root}/${name}`)));
    const texts = output.trimEnd().split("\n\n");
    expect(texts).toHaveLength(names.length);
    return texts.map((text) =>
      text
        .replaceAll(/empty(\d*)[abc]/g, "empty")
        .split("\n")
        .filter((line) => !ofOthers.test(line))
        // The order in lists of units has no meaning.
        .map((line) => line.split(/[= ]/).toSorted().join(" "))
        .join("\n"),
    );
  }

  /**
   * Compares what systemd has made of each empty assignment with what we make of it.
   *
   * @param least of how many directives systemd keeps the values, and takes them back, at least: the
   * comparison can fail either way
   */
  async function compare(cases: Case[], least: number): Promise<void> {
    const files = cases.map((one, index) => two(`empty${index}`, one));
    const plain = { "emptya.service": base.service, "emptya.socket": base.socket };
    const [service, socket, ...others] = await shown(Object.assign({}, plain, ...files) as typeof plain);
    const seen = new Map<string, { theirs: string; ours: string }>();
    cases.forEach((one, index) => {
      const { section, key } = one;
      const without = { service, socket }[typeOf(one)];
      const [withValue, withEmpty] = others.slice(index * 2, index * 2 + 2);
      // A value for which systemd refuses the unit shows nothing.
      if (withValue?.includes("bad-setting") || without === withValue) return;
      if (withEmpty !== without && withEmpty !== withValue) return;
      const name = Object.keys(files[index]!)[1]!;
      const unit = loadUnit(name, givenOf(parseUnits(files[index]!)))!;
      const ours = valuesOf(unit, section, key).length === 0 ? "taken back" : "kept";
      const theirs = withEmpty === without ? "taken back" : "kept";
      const other = seen.get(`${section}.${key}`);
      // Of a refused value, or of what an exclusion leaves, nothing is to be taken back.
      if (other?.theirs !== "taken back") seen.set(`${section}.${key}`, { theirs, ours });
    });
    // Since systemd 258 an empty one takes it back; the linter goes by what all do.
    if (systemdVersion()! >= 258)
      for (const section of ["Service", "Socket"]) seen.delete(`${section}.ProtectHostname`);
    const wrong = [...seen].filter(([, { theirs, ours }]) => theirs !== ours);
    expect(wrong).toEqual([]);
    const count = (what: string) => [...seen.values()].filter(({ theirs }) => theirs === what).length;
    expect(count("kept")).toBeGreaterThanOrEqual(least);
    expect(count("taken back")).toBeGreaterThanOrEqual(least);
  }
});
