import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fixUnits, lintUnits, parseUnit, type FileEdit } from "../src/index.ts";
import { faults, faulty } from "./faults.ts";
import { units } from "./random-units.ts";

type Files = Record<string, string>;

/** What `fixUnits` makes of files, and the directives that it was offered to change. */
function fixed(before: Files): { after: Files; keys: ReadonlySet<string> } {
  const keys = new Set<string>();
  for (let after = before, round = 0; ; round += 1) {
    const findings = lintUnits(after).filter(({ edits }) => edits !== undefined);
    if (findings.length === 0) return { after, keys };
    if (round > 20) throw new Error(`It never ends: ${JSON.stringify({ before, findings })}`);
    for (const { key } of findings.flatMap(({ edits = [] }) => edits)) keys.add(key);
    after = fixUnits(after, findings);
  }
}

/** The properties of systemctl(1) that show a directive, where it is not the one of its name. */
const shownAs: Readonly<Record<string, readonly string[]>> = {
  // systemd.socket(5): with Accept=yes, the defaults of these differ, and the socket starts a template.
  Accept: ["Accept", "FileDescriptorName", "TriggerLimitBurst", "PollLimitBurst", "Triggers"],
  Also: ["UnitFileState"],
  ListenStream: ["Listen"],
  ListenFIFO: ["Listen"],
  RestartSec: ["RestartUSec", "RestartUSecNext"],
  // systemd orders a service after its sockets, and has it pull them in.
  Sockets: ["Wants", "After", "Triggers"],
  // What StandardInput=socket does not say of the other two is the socket's as well.
  StandardInput: ["StandardInput", "StandardOutput", "StandardError"],
  StartLimitIntervalSec: ["StartLimitIntervalUSec"],
  TimeoutStopSec: ["TimeoutStopUSec", "TimeoutAbortUSec"],
  TriggerLimitIntervalSec: ["TriggerLimitIntervalUSec"],
  ExecReload: ["ExecReload", "ExecReloadEx", "CanReload"],
  RuntimeDirectory: ["RuntimeDirectory", "RuntimeDirectorySymlink", "RequiresMountsFor", "CanClean"],
  Type: ["Type", "TimeoutStartUSec", "NotifyAccess"],
  WantedBy: ["UnitFileState"],
};

/**
 * What the machine has left, and what other units say of this one, which shows only while they are loaded.
 */
const ofOthers =
  /^(?:MemoryAvailable|EffectiveMemory\w+|EffectiveTasksMax|\w+(?:edBy|dBy|Of)|Before|Following|PropagatesStopTo)$/;

/** What systemd orders a unit after, or requires, for its paths and its output. */
const implied = /^(?:systemd-journald\.socket|.*\.mount)$/;

/** Lists whose order has no meaning. */
const unordered =
  /^(?:After|Requires|Wants|BindsTo|PartOf|Conflicts|Triggers|RequiresMountsFor|WantsMountsFor|OnFailure)$/;

const listed = (value: string): string =>
  value
    .split(" ")
    .filter((name) => !implied.test(name))
    .toSorted()
    .join(" ");

type Shown = ReadonlyMap<string, string>;

/** Has systemd read the files, and asks it for all that it knows of the units. */
async function show(systemd: PrivateSystemd, files: Files): Promise<Map<string, Shown>> {
  const root = systemd.hostPath("/run/systemd/system");
  const paths = Object.keys(files).map((name) => `${root}/${name}`);
  for (const folder of new Set(paths.map((path) => dirname(path)))) await mkdir(folder, { recursive: true });
  await Promise.all(Object.values(files).map((text, index) => writeFile(paths[index]!, text)));
  await systemd.systemctl("daemon-reload");
  const names = Object.keys(files)
    .filter((name) => !name.includes("/"))
    .map((name) => name.replace("@.", "@blue."));
  const output = await systemd.mustRun(["systemctl", "--no-pager", "show", "--", ...names], {
    timeout: 120_000,
  });
  const shown = output
    .trimEnd()
    .split("\n\n")
    .map((text) => {
      const properties = [...text.matchAll(/^(\w+)=([^]*?)(?=\n\w+=|$(?![^]))/gm)];
      return new Map(
        properties.map(([, name = "", value = ""]) => [name, unordered.test(name) ? listed(value) : value]),
      );
    });
  expect(shown).toHaveLength(names.length);
  await Promise.all(paths.map((path) => rm(path)));
  return new Map(names.map((name, index) => [name, shown[index]!]));
}

function differences(before: Shown, after: Shown, keys: ReadonlySet<string>): string[] {
  const named = new Set([...keys].flatMap((key) => shownAs[key] ?? [key]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((property) => before.get(property) !== after.get(property))
    .filter((property) => !ofOthers.test(property) && !named.has(property))
    .map((property) => `${property}: ${before.get(property)} became ${after.get(property)}`);
}

/** The files of a case under names that no other one has. */
const renamed = (files: Files, index: number): Files =>
  Object.fromEntries(
    Object.entries(files).map((file) =>
      file.map((text) =>
        text.replace(/\b(?:app-)?(?:app|api|shop)(?=(?:@\w*)?\.(?:service|socket)\b)/g, `c${index}-$&`),
      ),
    ) as [string, string][],
  );

const together = (some: readonly Files[]): Files => Object.assign({}, ...some) as Files;

interface Case {
  before: Files;
  after: Files;
  keys: ReadonlySet<string>;
}

const casesOf = (runs: number): Case[] =>
  fc
    .sample(units, { seed: 20_251_125, numRuns: runs })
    .map(renamed)
    .map((before) => ({ before, ...fixed(before) }));

const few = casesOf(100);

/** What fixUnits adds. Other lines are changed, and two of them may become equal. */
const addedKeys =
  /^(?:Requires|After|Also|StartLimitIntervalSec|RestartSec|SystemCallErrorNumber|FreeBind|Sockets|WantedBy|TimeoutStopSec)$/;

function isDoneOnce({ before }: Case): void {
  const once = fixUnits(before);
  expect(fixUnits(once)).toEqual(once);
  for (const [file, text] of Object.entries(once)) {
    const count = (of: string) => {
      const lines = new Map<string, number>();
      for (const entry of parseUnit(of).entries) {
        if (entry.kind !== "assignment" || !addedKeys.test(entry.key)) continue;
        const line = `[${entry.section}] ${entry.key}=${entry.value}`;
        lines.set(line, (lines.get(line) ?? 0) + 1);
      }
      return lines;
    };
    const old = count(before[file]!);
    const again = [...count(text)].filter(([line, times]) => times > Math.max(old.get(line) ?? 0, 1));
    expect({ before, again }).toEqual({ before, again: [] });
  }
}

it("a second call of fixUnits changes nothing, and no call writes a line that is there", () => {
  for (const one of few) isDoneOnce(one);
});

/** Drop-ins that take back what is added, or try to. */
const emptied = fc
  .tuple(
    fc.constantFrom(...faults.map(faulty)),
    fc.subarray(
      "SystemCallErrorNumber Also Requires After StartLimitIntervalSec RestartSec TimeoutStopSec FreeBind WantedBy Sockets".split(
        " ",
      ),
      { minLength: 3 },
    ),
  )
  .map(([files, keys]): Files => {
    const text = ["Unit", "Service", "Socket", "Install"]
      .map((section) => `[${section}]\n${keys.map((key) => `${key}=\n`).join("")}`)
      .join("");
    return {
      ...files,
      "app.service.d/1.conf": text,
      "app.socket.d/1.conf": text,
    };
  });

it("the same holds with drop-ins that hold empty assignments", () => {
  fc.assert(
    fc.property(emptied, (before) => {
      const once = fixUnits(before);
      expect(fixUnits(once)).toEqual(once);
      expect(fixUnits(once, lintUnits(once))).toEqual(once);
      const times = once["app.service"]?.match(/^SystemCallErrorNumber=EPERM$/gm)?.length ?? 0;
      expect(times).toBeLessThanOrEqual(1);
    }),
    { seed: 20_261_128, numRuns: 60 },
  );
});

it("a fixed file has nothing left to fix, and does not change again", () => {
  for (const { after } of few) expect(fixed(after).after).toEqual(after);
});

const withoutEnd = (text: string): string => text.replace(/[\n\r\0]+$/, "");

/** What is in one text and not in the other, beside the lines of the edits. */
function touched(before: string, after: string, edits: readonly FileEdit[]): string[] {
  const lines = new Set(edits.map(({ line }) => line));
  const { entries } = parseUnit(before);
  const stays = entries.filter(({ line }) => !lines.has(line)).map(({ text }) => withoutEnd(text));
  const comments = entries
    .filter(({ line }) => lines.has(line))
    .flatMap(({ text }) => text.split(/[\n\r\0]+/));
  const written = new Set([
    ...edits.flatMap(({ section, key, values }) => [
      `[${section}]`,
      ...values.map((value) => `${key}=${value}`),
    ]),
    ...comments.filter((line) => /^[ \t]*[#;]/.test(line)),
    "",
  ]);
  let next = 0;
  const strange = parseUnit(after).entries.filter(({ text }) => {
    const line = withoutEnd(text);
    if (line === stays[next]) next += 1;
    else return !written.has(line);
    return false;
  });
  return [...strange.map(({ text }) => text), ...stays.slice(next)];
}

function keepsOtherLines({ before }: Case): void {
  const findings = lintUnits(before).filter(({ edits }) => edits !== undefined);
  const after = fixUnits(before, findings);
  const edits = findings.flatMap((finding) => finding.edits ?? []);
  for (const [file, text] of Object.entries(before)) {
    const ofFile = edits.filter((edit) => edit.file === file);
    const isSame = ofFile.length > 0 || after[file] === text;
    const seen = {
      before,
      isSame,
      touched: touched(text, after[file]!, ofFile),
    };
    expect(seen).toEqual({ before, isSame: true, touched: [] });
  }
}

it("lines without a finding do not change, to the byte", () => {
  for (const one of few) keepsOtherLines(one);
});

it("finds the same for many more units", { tags: "campaign" }, () => {
  for (const one of casesOf(2000)) {
    isDoneOnce(one);
    expect(fixed(one.after).after).toEqual(one.after);
    keepsOtherLines(one);
  }
});

describeWith({ privateSystemd: true, systemd: 257 }, "units before and after fixUnits", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  it("run the same program in the same sandbox", () => areTheSame(few));

  it("run the same program in the same sandbox, many more", { tags: "campaign" }, async () => {
    const many = casesOf(1500);
    for (let from = 0; from < many.length; from += 250) await areTheSame(many.slice(from, from + 250));
  });

  async function areTheSame(some: readonly Case[]): Promise<void> {
    const changed = some.filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
    expect(changed.length).toBeGreaterThan(some.length / 8);
    const before = await show(systemd, together(changed.map((one) => one.before)));
    const after = await show(systemd, together(changed.map((one) => one.after)));
    const wrong = changed.flatMap((one) =>
      Object.keys(one.before).flatMap((file) => {
        const name = file.replace("@.", "@blue.");
        const [old, now] = [before.get(name), after.get(name)];
        if (old === undefined || now === undefined) return [];
        const lines = differences(old, now, one.keys);
        return lines.length === 0 ? [] : [[name, ...lines]];
      }),
    );
    expect(wrong).toEqual([]);
    const loaded = [...before.values()].filter((unit) => unit.get("LoadState") === "loaded");
    expect(loaded.length).toBeGreaterThan(before.size / 4);
  }
});
