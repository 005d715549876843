import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

/**
 * An import of one file by another. `from` and `to` are the file or the subfolder of each in the deepest
 * folder that contains both.
 */
interface Import {
  file: string;
  imported: string;
  folder: string;
  from: string;
  to: string;
}

const SOURCE = /\.(?:ts|mts|mjs|cjs)$/;
const TEST = /\.test\.ts$/;

/**
 * The imports that are part of a circle, each as `a.ts imports b.ts`. The files and subfolders of each folder
 * must import one way. A subfolder imports everything that its files import, so circles of folders are found
 * too. Imports of types and re-exports count, but tests do not.
 */
export function importsInCircles(root: string): string[] {
  const imports = importsIn(root);
  return imports
    .filter(({ folder, from, to }) =>
      reaches(
        imports.filter((other) => other.folder === folder),
        to,
        from,
      ),
    )
    .map(({ file, imported }) => `${file} imports ${imported}`);
}

/**
 * The imports that break the order of a list of folders, each as `a.ts imports b.ts`: a file may import from
 * its own folder, and from folders above it in the list. Files outside these folders are ignored, and a
 * folder that is not in the list counts as its parent.
 */
export function importsUpward(root: string, folders: readonly string[]): string[] {
  const placeOf = (file: string): number => {
    const holding = folders.filter((folder) => file.startsWith(`${folder}/`));
    return folders.indexOf(holding.toSorted((a, b) => b.length - a.length)[0] ?? "");
  };
  return importsIn(root)
    .filter(({ file, imported }) => placeOf(file) !== -1 && placeOf(imported) > placeOf(file))
    .map(({ file, imported }) => `${file} imports ${imported}`);
}

function importsIn(root: string): Import[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => SOURCE.test(file) && !TEST.test(file))
    .flatMap((file) => importsOf(root, file));
}

/** The imports of a file that name another file, rather than a package. */
function importsOf(root: string, file: string): Import[] {
  const specifiers = specifiersIn(join(root, file)).filter((specifier) => specifier.startsWith("."));
  return specifiers.map((specifier) => {
    const imported = join(dirname(file), specifier);
    const [own, other] = [file.split("/"), imported.split("/")];
    const depth = own.findIndex((part, index) => part !== other[index]);
    return {
      file,
      imported,
      folder: own.slice(0, depth).join("/"),
      from: own[depth] ?? "",
      to: other[depth] ?? "",
    };
  });
}

/** The imports and re-exports of a file, as they are written there. */
export function specifiersIn(path: string): string[] {
  const { program, errors } = parseSync(path, readFileSync(path, "utf8"));
  if (errors.length > 0) throw new Error(`${path} can't be parsed: ${errors[0]?.message}`);
  const specifiers: string[] = [];
  const add = ({ source }: { source: unknown }): void => {
    const { value } = Object(source) as { value?: unknown };
    if (typeof value === "string") specifiers.push(value);
  };
  new Visitor({
    ImportDeclaration: add,
    ExportNamedDeclaration: add,
    ExportAllDeclaration: add,
    ImportExpression: add,
    TSImportType: add,
  }).visit(program);
  return specifiers;
}

/** Whether imports lead from one file or subfolder of a folder to another one. */
function reaches(imports: readonly Import[], start: string, end: string): boolean {
  const reached = new Set([start]);
  // A loop over a set also visits items that are added during it.
  for (const name of reached) for (const { from, to } of imports) if (from === name) reached.add(to);
  return reached.has(end);
}
