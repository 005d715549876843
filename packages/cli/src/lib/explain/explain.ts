import { colourOut, print, printJson } from "../output/print.ts";
import { wrap } from "../output/wrap.ts";
import { CliError } from "../shared/cli-error.ts";
import { didYouMean, nearestNames } from "../shared/nearest.ts";
import { explainedCodes, type CodeExplanation } from "./codes.ts";
import { commandsIn, ownCommand } from "../shared/own-command.ts";

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

/** Users copy a code with surrounding characters: `(SOCKACT_ERR_USAGE)`, `free-bind:`. */
const around = /^[([`'"]+|[)\]`'":,.]+$/g;

/** Finds a code. Two packages may have the same one. */
function explanationsOf(code: string, all: readonly CodeExplanation[]): CodeExplanation[] {
  const wanted = code.replaceAll(around, "").toLowerCase();
  const found = all.filter((one) => one.code.toLowerCase() === wanted);
  if (found.length > 0) return found;
  throw new CliError(
    "SOCKACT_ERR_CODE_UNKNOWN",
    `unknown code ${code}`,
    didYouMean(nearestCodes(wanted, all)) ?? `${ownCommand("explain")} lists all codes.`,
  );
}

/** Finds codes with similar spelling, or else codes that share a word with this one. */
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
    ["What the doctor looks at", looksAt],
    ["What to change", change],
    [`Fixed by ${ownCommand("lint", "--fix")}`, fixed],
    ["See", see],
  ];
  return [
    colourOut("bold", code),
    colourOut("dim", wrap(about.join(" · "))),
    "",
    wrap(plain(meaning)),
    "",
    ...blocks.flatMap(([heading, markdown]) =>
      markdown === undefined
        ? []
        : [`${colourOut("bold", heading)}:`, wrap(plain(markdown), { indent: "  " }), ""],
    ),
    colourOut("dim", url),
    "",
  ].join("\n");
}

function listOf(all: readonly CodeExplanation[]): string {
  const themes = [...new Set(all.map(({ theme }) => theme))];
  const lists = themes.map((theme) => {
    const codes = all.filter((one) => one.theme === theme).map(({ code }) => code);
    return [colourOut("bold", theme), wrap(codes.join(" "), { indent: "  " }), ""].join("\n");
  });
  return `${lists.join("\n")}\n${ownCommand("explain", "CODE")} prints what a code means, and what to change.\n`;
}

/** Converts Markdown for the terminal: code is colored, and a link's address is in parentheses. */
function plain(markdown: string): string {
  return (
    markdown
      .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, "$1 ($2)")
      .replaceAll(/\*\*([^*]+)\*\*/g, (_, strong: string) => colourOut("bold", strong))
      // A line may be wrapped inside code, so each word is colored.
      .replaceAll(/`([^`]+)`/g, (_, code: string) =>
        commandsIn(code)
          .split(" ")
          .map((word) => colourOut("cyan", word))
          .join(" "),
      )
  );
}
