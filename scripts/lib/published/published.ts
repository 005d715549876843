import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { structuredPatch } from "diff";
import { apiReports } from "./api-reports.ts";
import { type Budget, budgetFor, misfits } from "./budget.ts";
import { type Facts, factsOf } from "./facts.ts";
import { installed, loadedBy, pack } from "./packed.ts";
import { publicPackages } from "../packages.ts";

/** The accepted facts about a package, from api/packages.json. */
type Accepted = Facts & { readonly budget: Partial<Budget> };

/** The facts about the packages that npm would publish now. */
interface Published {
  readonly reports: ReadonlyMap<string, string>;
  readonly packages: ReadonlyMap<string, { facts: Facts; sizes: Budget }>;
}

/**
 * The differences between `api/` and the packages that npm would publish, as paragraphs for people. Empty if
 * there are none. The packages must be built.
 */
export function checkPublished(repository: string): string[] {
  const { reports, packages } = published(repository);
  const { acceptedReports, acceptedPackages } = read(repository);
  const ofReports = union(acceptedReports, reports).map((file) =>
    paragraph(`api/${file}`, differences(acceptedReports.get(file) ?? "", reports.get(file) ?? "", 3)),
  );
  const ofPackages = union(acceptedPackages, packages).map((name) => {
    const [accepted, now] = [acceptedPackages.get(name), packages.get(name)];
    const { budget, ...facts } = accepted ?? { budget: undefined };
    const changed = differences(lines(facts), lines(now?.facts ?? {}), 0);
    const sizes = budget !== undefined && now !== undefined ? misfits(now.sizes, budget) : [];
    return paragraph(`${name} in api/packages.json`, [changed, ...sizes].filter(Boolean).join("\n"));
  });
  return [...ofReports, ...ofPackages].filter((text) => text !== "");
}

/**
 * Writes the facts about the packages that npm would publish into `api/`. A budget changes only if its
 * package does not fit it.
 */
export function acceptPublished(repository: string): void {
  const { reports, packages } = published(repository);
  const { acceptedReports, acceptedPackages } = read(repository);
  const folder = join(repository, "api");
  mkdirSync(folder, { recursive: true });
  for (const file of acceptedReports.keys()) if (!reports.has(file)) rmSync(join(folder, file));
  for (const [file, text] of reports) writeFileSync(join(folder, file), text);
  const accepted = [...packages].map(([name, { facts, sizes }]): [string, Accepted] => [
    name,
    { ...facts, budget: budgetFor(sizes, acceptedPackages.get(name)?.budget) },
  ]);
  writeFileSync(join(folder, "packages.json"), `${JSON.stringify(Object.fromEntries(accepted), null, 2)}\n`);
}

function published(repository: string): Published {
  const packages = publicPackages(repository);
  const packed = pack(packages);
  return {
    reports: apiReports(repository, packages),
    packages: new Map(
      packages.map((each) => {
        const { name } = each;
        const own = packed.get(name);
        if (own === undefined) throw new Error(`npm pack has not packed ${name}`);
        const all = installed(name, packages, packed);
        return [
          name,
          {
            facts: factsOf(each, packages, own, all),
            sizes: {
              packed: own.packed,
              unpacked: own.unpacked,
              loaded: loadedBy(each, packages),
              installed: all.bytes,
              installedFiles: all.files,
            },
          },
        ];
      }),
    ),
  };
}

function read(repository: string): {
  acceptedReports: Map<string, string>;
  acceptedPackages: Map<string, Accepted>;
} {
  const folder = join(repository, "api");
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const text = (file: string): string => readFileSync(join(folder, file), "utf8");
  const packages = files.includes("packages.json")
    ? (JSON.parse(text("packages.json")) as Record<string, Accepted>)
    : {};
  return {
    acceptedReports: new Map(
      files.filter((file) => file.endsWith(".api.md")).map((file) => [file, text(file)]),
    ),
    acceptedPackages: new Map(Object.entries(packages)),
  };
}

function union(...maps: ReadonlyMap<string, unknown>[]): string[] {
  return [...new Set(maps.flatMap((map) => [...map.keys()]))];
}

/** The lines that differ, with some lines around each. Empty for equal texts. */
function differences(accepted: string, now: string, context: number): string {
  const { hunks } = structuredPatch("", "", accepted, now, undefined, undefined, { context });
  return hunks.flatMap((hunk) => hunk.lines).join("\n");
}

function paragraph(heading: string, text: string): string {
  return text === "" ? "" : `${heading}\n${text.replaceAll(/^/gm, "  ")}`;
}

/**
 * A line for each value, with its path: `manifest dependencies ms: "^2.1.3"`. The order is unchanged, because
 * it matters in `exports`.
 */
function lines(value: unknown, ...path: string[]): string {
  const of = (each: unknown, ...way: string[]): string[] => {
    if (Array.isArray(each)) return each.flatMap((item: unknown) => of(item, ...way));
    if (typeof each === "object" && each !== null)
      return Object.entries(each).flatMap(([key, item]) => of(item, ...way, key));
    return [`${way.join(" ")}: ${JSON.stringify(each)}\n`];
  };
  return of(value, ...path).join("");
}
