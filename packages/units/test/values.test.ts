import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith, systemdVersion } from "@sockact/testkit";
import { expect, it, onTestFinished } from "vitest";
import { lintUnits, type FindingCode } from "../src/index.ts";
import { directivesOf, dumpedVersion } from "../src/lib/systemd/directives.ts";
import { syntaxRules } from "../src/lib/lint/rules/syntax.ts";
import { tried } from "./directive-values.ts";

interface Tried {
  section: string;
  key: string;
  value: string;
}

/** The unit that holds an assignment, by the name of its file; a socket with its service. */
function filesOf(name: string, { section, key, value }: Tried): Record<string, string> {
  const isSocket = section === "Socket";
  const own = isSocket ? ["Socket", "ListenStream=/run/app.sock"] : ["Service", "ExecStart=/bin/true"];
  const header = own[0] === section ? "" : `[${section}]\n${key}=${value}\n`;
  const line = own[0] === section ? `${key}=${value}\n` : "";
  const service = { [`${name}.service`]: "[Service]\nExecStart=/bin/true\n" };
  return {
    ...(isSocket && service),
    [`${name}.${isSocket ? "socket" : "service"}`]: `${header}[${own[0]}]\n${own[1]}\n${line}`,
  };
}

/** For which of the units systemd says anything at all. One call reads them all. */
function complaints(all: readonly Record<string, string>[]): boolean[] {
  const folder = mkdtempSync(join(tmpdir(), "sockact-values-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const paths = all.map((files) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return join(folder, Object.keys(files).at(-1)!);
  });
  const { stderr, error } = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], {
    encoding: "utf8",
    env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  const named = new Set([...stderr.matchAll(/\bunit(\d+)\.(?:service|socket)\b/g)].map(([, index]) => index));
  return all.map((_, index) => named.has(String(index)));
}

/** Codes that say that systemd does not take something as it was meant; all others are advice. */
const refusals = new Set<string>([
  ...Object.keys(syntaxRules),
  ...(["listen-missing", "exec-missing", "exec-several", "service-missing"] satisfies FindingCode[]),
]);

const newer = ["service", "socket"].flatMap((type) =>
  Object.values(directivesOf[type]!).flatMap((names) =>
    [...names].flatMap(([name, { since = 0 }]) => (since > dumpedVersion ? name : [])),
  ),
);

/** Where the two differ, and why. */
const everyDifference: readonly {
  who: "only systemd" | "only the linter";
  of: RegExp;
  why: string;
  /** The versions of systemd in which they do, where not all. */
  from?: number;
  until?: number;
}[] = [
  {
    who: "only the linter",
    of: /^(?:CapabilityBoundingSet|AmbientCapabilities|SecureBits)=/,
    why: "systemd drops an unknown name without a word",
  },
  {
    who: "only the linter",
    of: /^(?:WantedBy|RequiredBy|UpheldBy|Also|Alias)=/,
    why: "systemctl enable is what refuses it",
  },
  {
    who: "only the linter",
    of: /^(?:User|Group|SupplementaryGroups|SocketUser|SocketGroup)=.*\s/,
    why: "systemd remarks that the name breaks the rules, without the unit's name",
  },
  { who: "only systemd", of: /^SystemCall(?:Filter|Log)=/, why: "single system calls are not listed here" },
  {
    who: "only systemd",
    of: new RegExp(`^(?:${newer.join("|")})=`),
    why: "the directive is of a later version, and its values are not read here",
  },
  {
    who: "only systemd",
    of: /^(?:PrivateUsers=(?:full|managed)|CPUSchedulingPolicy=ext|FileDescriptorStorePreserve=on-success|ProtectHostname=.*private.*|ProtectHostname=(?:|yes:foo)|OnFailureJobMode=lenient|MessageQueueMessageSize=10K)$/,
    why: "later versions take it",
    until: 257,
  },
  {
    who: "only systemd",
    of: /^(?:\w+Accounting|Default(?:Startup)?Memory(?:Min|Low))=/,
    why: "later versions no longer do anything with it",
    from: 258,
  },
  {
    who: "only systemd",
    of: /^(?:IOSchedulingClass=8|CPUSchedulingPolicy=20)$/,
    why: "earlier versions take any number",
    from: 258,
  },
  { who: "only systemd", of: /^ManagedOOMSwap=kill$/, why: "it needs systemd-oomd", from: 258 },
  {
    who: "only systemd",
    of: /^(?:(?:Startup)?CPUShares|MemoryLimit|(?:Startup)?BlockIO\w+|RequiresOverridable|RequisiteOverridable)=/,
    why: "the directive itself is of old",
  },
  {
    who: "only systemd",
    of: /^(?:RestartMaxDelaySec|RestartSteps|RuntimeRandomizedExtraSec|USBFunctionDescriptors|USBFunctionStrings)=/,
    why: "it needs another directive beside it",
  },
  { who: "only systemd", of: /^Exec\w+=/, why: "the program is not there" },
  ...(existsSync("/usr/lib/systemd/system/dbus.socket")
    ? []
    : [{ who: "only systemd" as const, of: /^BusName=/, why: "D-Bus is not installed" }]),
  { who: "only systemd", of: /%[iI]/, why: "the unit has no instance" },
  {
    who: "only systemd",
    of: /^(?:BPFProgram|DelegateSubgroup|DisableControllers|Extension\w+|ImportCredential|MountImage\w*|NFTSet|RestrictFileSystems|RootHash\w*|RootImage\w+|RootVerity|SetCredentialEncrypted|StandardInputData)=/,
    why: "it is not read here",
  },
];

const version = systemdVersion() ?? 0;
const differences = everyDifference.filter(
  ({ from = version, until = version }) => from <= version && version <= until,
);

/** What the two disagree on, beyond the list; and which lines of the list nothing showed. */
function disagreements(all: readonly Tried[]): { found: string[]; unused: string[] } {
  const files = all.map((one, index) => filesOf(`unit${index}`, one));
  const systemd = complaints(files);
  const used = new Set<string>();
  const found = all.flatMap(({ key, value }, index) => {
    const codes = lintUnits(files[index]!).map(({ code }) => code);
    const linter = codes.some((code) => refusals.has(code));
    if (systemd[index] === linter) return [];
    const who = linter ? "only the linter" : "only systemd";
    const listed = differences.find((one) => one.who === who && one.of.test(`${key}=${value}`));
    if (listed !== undefined) used.add(listed.why);
    return listed === undefined ? [`${who}: ${key}=${value}`] : [];
  });
  return { found, unused: differences.map(({ why }) => why).filter((why) => !used.has(why)) };
}

/** Values that are good for some directives and bad for others. */
const pool = ["foo", "", "yes", "5", "/a"];

/** Each directive once; those of [Socket] that a service has too are tried in the service. */
const directives = (["Unit", "Service", "Socket", "Install"] as const).flatMap((section) => {
  const names = directivesOf[section === "Socket" ? "socket" : "service"]![section]!;
  return [...names.keys()]
    .filter((key) => section !== "Socket" || !directivesOf["service"]!["Service"]!.has(key))
    .map((key) => ({ section, key }));
});

const chosen: Tried[] = Object.entries(tried).flatMap(([section, keys]) =>
  Object.entries(keys).flatMap(([key, values]) => values.map((value) => ({ section, key, value }))),
);

describeWith({ commands: ["systemd-analyze"], systemd: 257 }, "the values of directives", () => {
  it("are refused by the linter if systemd complains, and taken if it does not", () => {
    expect(chosen.length).toBeGreaterThan(900);
    expect(disagreements(chosen).found).toEqual([]);
  });

  it(
    "are refused by the linter if systemd complains, also if they are meant for other directives",
    { tags: "campaign" },
    () => {
      const crossed = directives.flatMap((directive) => pool.map((value) => ({ ...directive, value })));
      expect(crossed.length).toBeGreaterThan(2300);
      expect(disagreements([...chosen, ...crossed])).toEqual({ found: [], unused: [] });
    },
  );
});
