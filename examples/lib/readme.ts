import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder with the examples. */
export const examples = join(import.meta.dirname, "..");

/** The text below each heading in the README of an example. */
export type Sections = ReadonlyMap<string, string>;

export function sectionsOf(name: string): Sections {
  const readme = readFileSync(join(examples, name, "README.md"), "utf8");
  const [, ...sections] = readme.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const [heading, ...lines] = section.split("\n");
      return [heading!, lines.join("\n")];
    }),
  );
}

/** The code blocks with commands below a heading. */
export function commandsBelow(sections: Sections, heading: string): string[] {
  const section = sections.get(heading);
  if (section === undefined) throw new Error(`The README has no heading “${heading}”.`);
  return Array.from(section.matchAll(/^```sh\n([^]*?)^```$/gm), ([, code]) => code!.trim());
}
