import { basename } from "node:path";
import { lintUnits } from "../../../packages/units/src/index.ts";
import { syntaxRules } from "../../../packages/units/src/lib/lint/rules/syntax.ts";
import { type Block, noteOf, placeOf } from "./page-blocks.ts";
import { type ShownUnit, unitsIn } from "./shown-units.ts";

/** The whole units that a page shows under one heading, with the errors that they show on purpose. */
export interface UnitGroup {
  readonly place: string;
  readonly files: Readonly<Record<string, string>>;
  /** The codes of the errors that the page shows on purpose. */
  readonly expected: readonly string[];
}

/** Units without a name in the page do not belong to others. */
const isNamed = ({ name }: ShownUnit): boolean => !name.startsWith("shown.");

/**
 * Whole units of the same page and heading belong together. A name that is shown again begins another group.
 */
export function unitGroupsOf(blocks: readonly Block[]): UnitGroup[] {
  const groups: { place: string; heading: string; files: Record<string, string>; expected: string[] }[] = [];
  for (const block of blocks.filter(({ language }) => language === "ini")) {
    const units = unitsIn(block).filter(({ isWhole }) => isWhole);
    for (const unit of units) {
      const heading = isNamed(unit) ? `${block.page}#${block.heading}` : placeOf(block);
      const open = groups.at(-1);
      const name = basename(unit.name);
      const joins = open?.heading === heading && !Object.hasOwn(open.files, name);
      if (!joins) groups.push({ place: placeOf(block), heading, files: {}, expected: [] });
      groups.at(-1)!.files[name] = unit.text;
    }
    if (units.length > 0) groups.at(-1)!.expected.push(...expectedIn(block));
  }
  return groups;
}

const expectedIn = (block: Block): string[] =>
  (noteOf(block, "lint finds") ?? "").split(/[\s,]+/).filter(Boolean);

/** Adds the service of a socket, and the socket of a service, where a page shows only one of the two. */
export function completed(files: Readonly<Record<string, string>>): Record<string, string> {
  const all = { ...files };
  for (const [file, text] of Object.entries(files)) {
    const name = basename(file);
    if (name.endsWith(".socket")) {
      const service =
        /^Service=(.*)$/m.exec(text)?.[1] ??
        name.replace(".socket", /^Accept=(?:yes|true|on|1)$/m.test(text) ? "@.service" : ".service");
      const container = service.replace(".service", ".container");
      const template = service.replace(/@[^.]+/, "@");
      if (![service, container, template].some((other) => Object.hasOwn(all, other)))
        all[service] =
          `[Unit]\nRequires=${name}\nAfter=${name}\n\n[Service]\nExecStart=/usr/bin/node /srv/app.js\n`;
    }
    for (const socket of (/^(?:Requires|Sockets)=(.*\.socket.*)$/m.exec(text)?.[1] ?? "").split(/\s+/))
      if (socket.endsWith(".socket") && !socket.includes("%") && !Object.hasOwn(all, socket))
        all[socket] = `[Socket]\nListenStream=80\nService=${name}\n`;
  }
  return all;
}

/** The linter's findings in whole units that would make systemd or the app fail. */
export function groupProblems({ place, files, expected }: UnitGroup): string[] {
  const errors = lintUnits(completed(files)).filter(
    ({ severity, file }) => severity === "error" && Object.hasOwn(files, file),
  );
  const unexpected = errors.filter(({ code }) => !expected.includes(code));
  const missing = expected.filter((code) => !errors.some((error) => error.code === code));
  return [
    ...unexpected.map(({ file, line, code, message }) => `${place}: ${file}:${line}: ${code}: ${message}`),
    ...missing.map(
      (code) => `${place}: the linter does not find ${code} in ${Object.keys(files).join(", ")}`,
    ),
  ];
}

/** The lines of a part of a unit that systemd would ignore. */
export function fragmentProblems(block: Block): string[] {
  const expected = expectedIn(block);
  return unitsIn(block)
    .filter(({ isWhole }) => !isWhole)
    .flatMap(({ name, text }: ShownUnit) =>
      lintUnits({ [name]: text })
        .filter(({ code, severity }) => severity !== "info" && Object.hasOwn(syntaxRules, code))
        .filter(({ code }) => !expected.includes(code))
        .map(({ code, message }) => `${placeOf(block)}: ${name}: ${code}: ${message}`),
    );
}
