import type { DocumentedCode } from "../../packages/cli/src/lib/explain/read-codes.ts";
import { firstSentence } from "./page-of-code.ts";

/** The page that lists all codes by theme, each with its severity and its first sentence. */
export function pageOfAllCodes(all: readonly DocumentedCode[]): string {
  const themes = [...new Set(all.map(({ theme }) => theme))];
  const sections = themes.map((theme) => {
    const items = all
      .filter((one) => one.theme === theme)
      .map(({ code, severity, meaning }) => {
        const about = severity === undefined ? "" : ` (${severity})`;
        return `- [\`${code}\`](${code}.md)${about}: ${firstSentence(meaning)}`;
      });
    return `## ${theme}\n\n${items.join("\n")}\n`;
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
