import { isDeepStrictEqual } from "node:util";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { givenOf, parseUnits } from "../src/lib/model/unit-set.ts";
import { loadUnit, valuesOf } from "../src/lib/parse/load.ts";
import { expandSpecifiers, unknownSpecifier } from "../src/lib/systemd/expansion.ts";
import { commandsOf, wordsOf } from "../src/lib/parse/words.ts";

/** What systemd, or we, make of a unit. */
interface Seen {
  loads: boolean;
  description: string;
  environment: string[];
  commands: [path: string, ...argv: string[]][];
}

function ours(name: string, files: Record<string, string>): Seen {
  const given = givenOf(parseUnits(files));
  const unit = loadUnit(name, given);
  if (unit === undefined) return refused;
  const expand = (text: string) => expandSpecifiers(text, name);
  const commands = valuesOf(unit, "Service", "ExecStart").map(({ value }) => commandsOf(value, name));
  const everyCommand = unit.settings
    .filter(({ section, key }) => section === "Service" && key === "ExecStart")
    .map((setting) => ({ ...setting, ...commandsOf(setting.value, name) }));
  const main = given.all.find(({ file }) => file === unit.file)!;
  const descriptions = valuesOf(unit, "Unit", "Description").filter(
    ({ value }) => unknownSpecifier(value) === undefined,
  );
  const variables = new Map<string, string>();
  for (const { value } of valuesOf(unit, "Service", "Environment")) {
    const words = wordsOf(value).words.filter((word) => unknownSpecifier(word) === undefined);
    for (const word of words.map(expand)) {
      const [, variable] = /^([A-Za-z_]\w*)=/.exec(word) ?? [];
      if (variable !== undefined && !word.includes("\uFFFD")) variables.set(variable, word);
    }
  }
  return {
    loads:
      main.unit.entries.every(({ kind }) => kind !== "unreadable") &&
      everyCommand.every(({ file, refused }) => file !== unit.file || refused !== true),
    description: expand(descriptions.at(-1)?.value ?? "") || name,
    environment: [...variables.values()],
    commands: commands.flatMap((all) =>
      all.commands.map(({ path, argv }): [string, ...string[]] => [path, ...argv]),
    ),
  };
}

const refused: Seen = { loads: false, description: "", environment: [], commands: [] };

const ofAll = "[Service]\nEnvironment=OF=all\n";

/** With this systemd loads a service that has no program, or several. */
const withoutProgram = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStop=/bin/true\n";

interface Answer {
  data: [
    {
      LoadState: { data: string };
      Description: { data: string };
      Environment: { data: string[] };
      ExecStart: { data: [path: string, argv: string[]][] };
    },
  ];
}

/** Asks a private systemd for many units at once. */
async function theirs(systemd: PrivateSystemd, names: readonly string[]): Promise<Seen[]> {
  const call =
    'busctl --json=short call org.freedesktop.systemd1 "/org/freedesktop/systemd1/unit/$name" org.freedesktop.DBus.Properties GetAll s ""';
  const labels = names.map((name) =>
    name.replace(/[.@-]/g, (character) => `_${character.charCodeAt(0).toString(16)}`),
  );
  const out = await systemd.mustRun(["sh", "-c", `while read -r name; do ${call}; done`], {
    input: `${labels.join("\n")}\n`,
    timeout: 50_000,
  });
  return out
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { LoadState, Description, Environment, ExecStart } = (JSON.parse(line) as Answer).data[0];
      return {
        loads: LoadState.data === "loaded",
        description: Description.data,
        environment: Environment.data,
        commands: ExecStart.data.map(([path, argv]) => [path, ...argv]),
      };
    });
}

const space = fc.constantFrom("", "", "", " ", "\t", "  ");
const between = fc.constantFrom(
  " ",
  " ",
  " ",
  "  ",
  "\t",
  " \\\n",
  "\\\n",
  "\\\n# comment \\\n",
  "\\\n ; one\n  ",
);
const lineEnd = fc.constantFrom("\n", "\n", "\n", "\r\n", " \n", "\n\n", "\n# a=b\\\n", "\r");
const piece = fc.oneof(
  fc.constantFrom(
    ..."x z X=1 K=x Q= \" \" ' ' \\n \\t \\s \\x41 \\101 \\u00e9 \\U0001f600 \\q \\ \\\\ \\; ; $ $$ %% %n %N %p %i %I %j %J %P %t %S %z % = # é".split(
      " ",
    ),
  ),
  fc.string({ unit: fc.constantFrom(..."xz =\\\"';%n".split("")), maxLength: 4 }),
);
const words = fc
  .array(fc.tuple(fc.array(piece, { maxLength: 3 }), between), { maxLength: 5 })
  .map((parts) => parts.map(([pieces, gap]) => pieces.join("") + gap).join(""));
const program = fc.constantFrom(
  ..."/bin/true /bin//true - @/bin/true -/bin/true :+/bin/true !!/bin/true +!/bin/true echo x/y /a/../b /bin/ ; '/bin/a b' /x\\x41".split(
    " ",
  ),
);
const assignment = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.tuple(fc.constantFrom("Description", "Environment"), words) },
      {
        weight: 1,
        arbitrary: fc.tuple(
          fc.constant("ExecStart"),
          fc.tuple(program, words).map((both) => both.join(" ")),
        ),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom("Description", "Environment", "ExecStart"), fc.constant("")),
      },
    ),
    space,
    space,
    lineEnd,
  )
  .map(([[key, value], before, after, end]) => ({
    section: key === "Description" ? "[Unit]" : "[Service]",
    line: `${before}${key}${after}=${before}${value}${end}`,
  }));
const text = fc
  .tuple(
    fc.constantFrom("", "", "\uFEFF", "stray\n"),
    fc.array(
      fc.oneof(
        { weight: 120, arbitrary: assignment },
        {
          weight: 10,
          arbitrary: fc
            .constantFrom(
              "nothing\n",
              "=x\n",
              "[X-Mine]\nDescription=x\n",
              "[Unknown]\nEnvironment=D=4\n",
              " [Unit] \n",
            )
            .map((line) => ({ section: "", line })),
        },
        {
          weight: 1,
          arbitrary: fc
            .constantFrom("[Unit\n", "Description=\uFFFE\n")
            .map((line) => ({ section: "", line })),
        },
      ),
      { maxLength: 8 },
    ),
  )
  .map(
    ([first, lines]) =>
      first + lines.map(({ section, line }) => `${section === "" ? "" : `${section}\n`}${line}`).join(""),
  );

describeWith({ privateSystemd: true }, "unit files, as systemd reads them", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  it("are read the same here, random ones with their drop-ins", () => areReadTheSame(60));
  it("are read the same here, many random ones with their drop-ins", { tags: "campaign" }, () =>
    areReadTheSame(1500),
  );

  async function areReadTheSame(runs: number): Promise<void> {
    const sample = fc.sample(
      fc.tuple(
        text,
        fc.dictionary(
          fc.constantFrom("own", "template", "prefix", "shorter", "type"),
          fc.tuple(fc.constantFrom("1.conf", "2.conf", "10.conf", "x.txt"), text),
          { maxKeys: 3 },
        ),
        fc.boolean(),
      ),
      { seed: 20_250_402, numRuns: runs },
    );
    const units = sample.map(([unit, dropIns, instance], index) => {
      const name = instance ? `p${index}-q-r@a-b.service` : `p${index}-q-r.service`;
      const template = name.replace(/@.*\./, "@.");
      const folders: Record<string, string> = {
        own: name,
        template,
        prefix: name.replace("-r", "-"),
        shorter: template.replace("-q-r", "-"),
      };
      const files: Record<string, string> = { [template]: unit, [`${name}.d/0.conf`]: withoutProgram };
      for (const [which, [file, content]] of Object.entries(dropIns)) {
        if (which in folders) files[`${folders[which]}.d/${file}`] = content;
      }
      return { name, files };
    });
    await systemd.write("/run/systemd/system/service.d/2.conf", ofAll);
    await Promise.all(
      units.flatMap(({ files }) =>
        Object.entries(files).map(([file, content]) => systemd.write(`/run/systemd/system/${file}`, content)),
      ),
    );
    await systemd.systemctl("daemon-reload");
    const seen: Seen[] = [];
    for (let at = 0; at < runs; at += 100) {
      seen.push(
        ...(await theirs(
          systemd,
          units.slice(at, at + 100).map(({ name }) => name),
        )),
      );
    }
    const compared = units.map(({ name, files }, index) => {
      const mine = ours(name, { ...files, "service.d/2.conf": ofAll });
      // Of a unit that it refuses, or that an empty file masks, systemd has read no more than what came
      // before.
      const [told, read] = [seen[index]!, mine].map((one) => (one.loads ? one : { loads: false }));
      return { files, told, read };
    });
    const same = ({ told, read }: (typeof compared)[number]) => isDeepStrictEqual(told, read);
    expect(compared.filter((one) => !same(one)).slice(0, 5)).toEqual([]);
    expect(compared.filter(({ told }) => told!.loads).length).toBeGreaterThan(runs / 4);
  }
});

it("a specifier that stands for a path may begin the path of a program, and another may not", () => {
  expect(commandsOf("%d/run", "app.service")).toMatchObject({ commands: [{ path: "%d/run" }] });
  expect(commandsOf("%u/run", "app.service")).toMatchObject({ refused: true });
});
