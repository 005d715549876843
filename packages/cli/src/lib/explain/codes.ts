import { pages } from "./pages.ts";
import { readTables } from "./tables.ts";

/** What docs/ says of a code. The texts are Markdown. */
export interface CodeExplanation {
  code: string;
  /** What the code is about: the section of the page. */
  theme: string;
  severity?: string;
  /** With which exit code the command ends, such as `2`, or `2, 126, 127`. */
  exitCode?: string;
  /** What it means, and when it comes. */
  meaning: string;
  /** What the doctor looks at. */
  looksAt?: string;
  /** What to change. */
  change?: string;
  /** When `sockact lint --fix` makes the change. */
  fixed?: string;
  /** The manual page or the package that has the rule. */
  see?: string;
  url: string;
}

/** Where the pages are read. */
const docs = "https://github.com/sockact/sockact/blob/main/docs/";

/** The field for each column, by its heading. */
const fields: Readonly<Record<string, Exclude<keyof CodeExplanation, "theme" | "url">>> = {
  code: "code",
  severity: "severity",
  "exit code": "exitCode",
  when: "meaning",
  why: "meaning",
  "when, and what to change": "meaning",
  "what it means": "meaning",
  "what the doctor looks at": "looksAt",
  "what to change": "change",
  "fixed by `fixunits()`": "fixed",
  see: "see",
};

/** All codes, in the order of the pages. */
export function explainedCodes(): CodeExplanation[] {
  return Object.entries(pages).flatMap(([page, text]) =>
    readTables(text).flatMap(({ headings, anchor, rows }) =>
      rows.flatMap((row) => {
        const read: Partial<CodeExplanation> = {};
        for (const [column, cell] of Object.entries(row)) {
          const field = fields[column];
          // A dash stands for nothing.
          if (field !== undefined && cell !== "–" && cell !== "") read[field] = cell;
        }
        const code = /^`([^`]+)`$/.exec(read.code ?? "")?.[1];
        // Other tables of these pages are about something else.
        if (code === undefined || read.meaning === undefined) return [];
        const { meaning } = read;
        return [{ ...read, code, meaning, theme: themeOf(page, headings), url: `${docs}${page}#${anchor}` }];
      }),
    ),
  );
}

/** What the codes of a page are of, where its sections do not say it. */
const owners: Readonly<Record<string, string>> = { "lint.md": "Linter: ", "doctor.md": "Doctor: " };

function themeOf(page: string, headings: readonly string[]): string {
  const owner = owners[page];
  const theme = owner === undefined ? headings.join(", ") : `${owner}${headings.at(-1)}`;
  return theme.replaceAll("`", "");
}
