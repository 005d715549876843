import { jsonText } from "@sockact/shared/clean";
import type { Findings } from "./sentences.ts";

/** The report, with the results of the budget and what has changed. It can be a baseline. */
export const formatJson = ({ report, budget, changes }: Findings): string =>
  `${jsonText({ ...report, budget, ...(changes !== undefined && { changes }) }, 2)}\n`;
