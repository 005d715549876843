import type { DocumentedCode } from "../../packages/cli/src/lib/explain/read-codes.ts";

/** The page that lists all codes by theme. */
export function pageOfAllCodes(all: readonly DocumentedCode[]): string {
  const themes = [...new Set(all.map(({ theme }) => theme))];
  const sections = themes.map((theme) => {
    const links = all.filter((one) => one.theme === theme).map(({ code }) => `- [\`${code}\`](${code}.md)`);
    return `## ${theme}\n\n${links.join("\n")}\n`;
  });
  return `---
title: All codes
description: Every error, warning and finding of sockact has a code. This page lists all of them, by theme.
editLink: false
---

# All codes

Every error, warning and finding of sockact has a code. Each code has a page that says what it means and what to change. In a terminal, \`sockact explain CODE\` prints the same.

If you have a symptom and no code, begin with [Troubleshooting](../troubleshooting.md).

${sections.join("\n")}`;
}
