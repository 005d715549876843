import { colourOut, print, printJson } from "../output/print.ts";
import { wrap } from "../output/wrap.ts";
import { CliError } from "../shared/cli-error.ts";
import { didYouMean, nearestNames } from "../shared/nearest.ts";
import { explainedCodes, type CodeExplanation } from "./codes.ts";
import { plain } from "./markdown.ts";

export interface ExplainOptions {
  json?: boolean;
}

/** Explains codes, or lists all of them. */
export function explain(codes: readonly string[], { json }: ExplainOptions): void {
  const all = explainedCodes();
  const found = codes.length === 0 ? all : codes.flatMap((code) => explanationsOf(code, all));
  if (json) printJson(found);
  else if (codes.length === 0) print(listOf(all));
  else print(found.map(text).join("\n"));
}

/** What a code may be followed by when it is copied: `(ERR_USAGE)`, `free-bind:`. */
const around = /^[([`'"]+|[)\]`'":,.]+$/g;

/** Two packages may have the same code. */
function explanationsOf(code: string, all: readonly CodeExplanation[]): CodeExplanation[] {
  const wanted = code.replaceAll(around, "").toLowerCase();
  const found = all.filter((one) => one.code.toLowerCase() === wanted);
  if (found.length > 0) return found;
  throw new CliError(
    "ERR_CODE_UNKNOWN",
    `there is no code ${code}`,
    didYouMean(nearestCodes(wanted, all)) ?? "sockact explain lists all codes.",
  );
}

/** The code that is likely meant, or those that have the words in their name. */
function nearestCodes(wanted: string, all: readonly CodeExplanation[]): string[] {
  const names = [...new Set(all.map(({ code }) => code))];
  const nearest = nearestNames(wanted, names);
  if (nearest.length > 0) return nearest;
  const wordsOf = (name: string) => name.toLowerCase().split(/[^a-z0-9]+/);
  const words = wordsOf(wanted).filter((word) => word.length > 2 && word !== "err");
  return names.filter((name) => words.some((word) => wordsOf(name).includes(word))).slice(0, 8);
}

function text({
  code,
  theme,
  severity,
  exitCode,
  meaning,
  looksAt,
  change,
  fixed,
  see,
  url,
}: CodeExplanation): string {
  const about = [theme, ...(severity ? [severity] : []), ...(exitCode ? [`exit code ${exitCode}`] : [])];
  const blocks: [heading: string, markdown: string | undefined][] = [
    ["What the doctor looks at", looksAt && sentence(looksAt)],
    ["What to change", change && sentence(change)],
    ["Fixed by sockact lint --fix", fixed?.replace(/^✓ /, "")],
    ["See", see],
  ];
  return [
    colourOut("bold", code),
    colourOut("dim", wrap(about.join(" · "))),
    "",
    wrap(plain(sentence(meaning), url)),
    "",
    ...blocks.flatMap(([heading, markdown]) =>
      markdown === undefined
        ? []
        : [`${colourOut("bold", heading)}:`, wrap(plain(markdown, url), { indent: "  " }), ""],
    ),
    colourOut("dim", url),
    "",
  ].join("\n");
}

/** A cell of a table may be a phrase: it begins with a small letter, and has no full stop. */
function sentence(cell: string): string {
  const begun = cell.replace(/^[a-z]/, (letter) => letter.toUpperCase());
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
}

function listOf(all: readonly CodeExplanation[]): string {
  const themes = [...new Set(all.map(({ theme }) => theme))];
  const lists = themes.map((theme) => {
    const codes = all.filter((one) => one.theme === theme).map(({ code }) => code);
    return [colourOut("bold", theme), wrap(codes.join(" "), { indent: "  " }), ""].join("\n");
  });
  return `${lists.join("\n")}\nsockact explain CODE says what it means, and what to change.\n`;
}
