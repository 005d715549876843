import { slug } from "github-slugger";
import type { DocumentedCode } from "../../packages/cli/src/lib/explain/read-codes.ts";

/** The page of a code. Two packages may have the same code: then the page has a part for each of them. */
export function pageOfCode(code: string, all: readonly DocumentedCode[]): string {
  const entries = all.filter((one) => one.code === code);
  const [summary = code] = entries.map(({ meaning }) => plainText(firstSentence(meaning)));
  return [
    `---`,
    `title: ${JSON.stringify(`${code}: ${summary.replace(/\.$/, "")}`)}`,
    `description: ${JSON.stringify(`What ${code} of sockact means, and what to change. ${summary}`)}`,
    `editLink: false`,
    `---`,
    "",
    `# \`${code}\``,
    "",
    ...entries.flatMap(partOf),
    `## See also`,
    "",
    ...seeAlso(code, entries, all).map((line) => `- ${line}`),
    `- In a terminal, \`sockact explain ${code}\` prints this page.`,
    "",
  ].join("\n");
}

function partOf(entry: DocumentedCode, index: number, entries: readonly DocumentedCode[]): string[] {
  const { theme, severity, exitCode, meaning, change, fixed, looksAt } = entry;
  const about = [theme, ...(severity ? [severity] : []), ...(exitCode ? [`exit code ${exitCode}`] : [])];
  // Of two parts, each needs its own headings.
  const suffix = entries.length === 1 ? "" : ` (${theme})`;
  const section = (title: string, text: string | undefined) =>
    text === undefined ? [] : [`## ${title}${suffix}`, ``, text, ``];
  return [
    about.join(" · "),
    "",
    ...section("What it means", meaning),
    ...section("What to change", changeOf(entry, change, fixed)),
    ...section("What the doctor looks at", looksAt),
  ];
}

function changeOf({ page }: DocumentedCode, change?: string, fixed?: string): string | undefined {
  if (page !== "codes/lint.md") return change;
  const when = fixed === "always" ? "" : ` ${fixed}`;
  return fixed === undefined
    ? "`sockact lint` prints what to write. `sockact lint --fix` does not make this change for you."
    : `\`sockact lint --fix\` makes the change${when}. \`sockact lint\` prints it first.`;
}

/**
 * Where to read more: the manual page, the codes that the description names, and the other codes of the
 * theme.
 */
function seeAlso(code: string, entries: readonly DocumentedCode[], all: readonly DocumentedCode[]): string[] {
  const names = new Set(all.map((one) => one.code));
  const named = entries
    .flatMap(({ meaning, change }) => `${meaning} ${change}`.match(/[\w-]+/g) ?? [])
    .filter((word) => word !== code && names.has(word) && /[_-]/.test(word));
  return [
    ...new Set([
      ...entries.flatMap(({ see }) => (see === undefined ? [] : [manualLink(see)])),
      ...named.map((name) => `[\`${name}\`](${name}.md)`),
      ...entries.map(({ theme }) => `[${theme}](index.md#${slug(theme)}), with the codes around it`),
      "[All codes](index.md), [Troubleshooting](../troubleshooting.md)",
    ]),
  ];
}

/** A link to a manual page such as `systemd.socket(5)`, or to a package. */
function manualLink(see: string): string {
  const [, name, section] = /^(.+)\((\d)\)$/.exec(see) ?? [];
  if (name === undefined || section === undefined)
    return see.replace(/^@sockact\/(\w+)$/, "[$&](../../packages/$1/README.md)");
  if (name === "node") return `[${see}](https://nodejs.org/api/cli.html)`;
  return name.startsWith("systemd")
    ? `[${see}](https://www.freedesktop.org/software/systemd/man/latest/${name}.html)`
    : `[${see}](https://man7.org/linux/man-pages/man${section}/${name}.${section}.html)`;
}

const plainText = (markdown: string): string => markdown.replaceAll(/[`*]/g, "");

/** The first sentence of a string in Markdown, without its links. */
export function firstSentence(markdown: string): string {
  const text = markdown.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1").replaceAll(/\s+/g, " ");
  return /^.*?[.?!](?= (?:[A-Z`]|systemd|sockact)|$)/.exec(text)?.[0] ?? text;
}
