/** The documentation of a code on a page of docs/, as Markdown with relative links. */
export interface DocumentedCode {
  code: string;
  /** The section of the page. */
  theme: string;
  severity?: string;
  /** The exit codes of the command, such as `2`, or `2, 126, 127`. */
  exitCode?: string;
  /** What the code means, and when you see it. */
  meaning: string;
  /** What the doctor looks at. */
  looksAt?: string;
  /** What to change. */
  change?: string;
  /** When `sockact lint --fix` can fix it. */
  fixed?: string;
  /** The manual page or package with the rule. */
  see?: string;
  /** The file in docs/ that has the code. */
  page: string;
}

/** The field of each list item below a code's heading, by label. */
const fields: Readonly<Record<string, "severity" | "exitCode" | "looksAt" | "change" | "fixed" | "see">> = {
  Severity: "severity",
  "Exit code": "exitCode",
  "Looks at": "looksAt",
  Fix: "change",
  "`--fix`": "fixed",
  See: "see",
};

/** Reads the codes of pages, by file name. A heading that consists of code begins an entry. */
export function readCodes(pages: Readonly<Record<string, string>>): DocumentedCode[] {
  return Object.entries(pages).flatMap(([page, markdown]) => codesOf(page, markdown));
}

function codesOf(page: string, markdown: string): DocumentedCode[] {
  let headings: string[] = [];
  return markdown.split(/^(?=#+ )/m).flatMap((section) => {
    const [, marks, title, body] = /^(#+) +(.*)\n([^]*)$/.exec(section) ?? [];
    if (marks === undefined || title === undefined || body === undefined) return [];
    const above = headings.slice(0, marks.length - 1);
    headings = [...above, title];
    const code = /^`([^`]+)`$/.exec(title)?.[1];
    // The first heading is the title of the page.
    return code === undefined ? [] : [{ code, theme: themeOf(page, above.slice(1)), ...read(body), page }];
  });
}

const item = /^- \*\*(.+?):\*\* (.*)$/gm;

function read(body: string): Pick<DocumentedCode, "meaning"> & Partial<DocumentedCode> {
  const explanation: Partial<DocumentedCode> = {};
  for (const [, label = "", value = ""] of body.matchAll(item)) {
    const field = fields[label];
    if (field !== undefined) explanation[field] = value;
  }
  const text = body.replaceAll(item, "").replaceAll(/<!--[^]*?-->/g, "");
  return { ...explanation, meaning: text.trim() };
}

/** What the codes of a page belong to, if its sections do not say so. */
const owners: Readonly<Record<string, string>> = {
  "codes/lint.md": "Linter: ",
  "codes/doctor.md": "Doctor: ",
  "codes/prove.md": "Prove: ",
};

function themeOf(page: string, headings: readonly string[]): string {
  const owner = owners[page];
  const theme = owner === undefined ? headings.join(", ") : `${owner}${headings.at(-1)}`;
  return theme.replaceAll("`", "");
}
