import { directivesOf } from "../../../packages/units/src/lib/systemd/directives.ts";
import type { Block } from "./page-blocks.ts";

/** A unit file, or a part of one, that a page shows. */
export interface ShownUnit {
  /** The path or the name that its first line gives: `shop.service`. */
  readonly name: string;
  readonly text: string;
  /** Whether the page shows all of it. */
  readonly isWhole: boolean;
}

/** The line that names a file: `# shop.service`. */
const title = /^# (\S+\.(?:service|socket|timer|container|network|volume|conf|target|path|mount|slice))$/;

const typeOf = (name: string): string => {
  const unit = name.endsWith(".conf") ? (/([^/]+)\.d\/[^/]+$/.exec(name)?.[1] ?? name) : name;
  return unit.slice(unit.lastIndexOf(".") + 1);
};

/**
 * Adds the header of a section before each line if the page shows none: the first section that has the
 * directive, or the one of the type.
 */
function withSections(name: string, lines: readonly string[]): string {
  if (lines.some((line) => line.startsWith("["))) return lines.join("\n");
  const type = typeOf(name);
  const own = `${type[0]!.toUpperCase()}${type.slice(1)}`;
  const sections = Object.entries(directivesOf[type] ?? {});
  return lines
    .map((line) => {
      const key = /^([A-Za-z]\w*)\s*=/.exec(line)?.[1];
      if (key === undefined) return line;
      const [section = own] = sections.find(([, names]) => names.has(key)) ?? [];
      return `[${section}]\n${line}`;
    })
    .join("\n");
}

/** A whole unit of each kind has at least one of these lines. */
const essential: Readonly<Record<string, RegExp>> = {
  service: /^ExecStart=/m,
  socket: /^Listen\w+=/m,
  container: /^Image=/m,
};

function unitOf(name: string, lines: readonly string[]): ShownUnit {
  const text = `${withSections(name, lines).trim()}\n`;
  const isUnit = Object.hasOwn(essential, typeOf(name)) && !name.endsWith(".conf");
  const isWhole =
    isUnit &&
    essential[typeOf(name)]!.test(text) &&
    lines.some((line) => line.startsWith("[")) &&
    !lines.some((line) => /^(?:#\s*)?(?:…|\.\.\.)/.test(line));
  return { name, text, isWhole };
}

/** The units of a block. One without a line that names it has the name that fits its sections. */
export function unitsIn({ code }: Pick<Block, "code">): ShownUnit[] {
  const units: { name: string; lines: string[] }[] = [];
  for (const line of code.split("\n")) {
    const [, name] = title.exec(line) ?? [];
    if (name !== undefined) units.push({ name, lines: [] });
    else if (units.length > 0) units.at(-1)!.lines.push(line);
    else if (line.trim() !== "") units.push({ name: "", lines: [line] });
  }
  return units.map(({ name, lines }) => {
    const text = lines.join("\n");
    const guessed = text.includes("[Socket]") ? "shown.socket" : "shown.service";
    return unitOf(name === "" ? (text.includes("[Container]") ? "shown.container" : guessed) : name, lines);
  });
}
