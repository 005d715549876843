import { type Block, keywords, noteOf, placeOf } from "./page-blocks.ts";
import { dataLanguages, dataProblem } from "./data-problem.ts";
import { shellProblems, type ShellFacts } from "./shell-problems.ts";
import { scriptLanguages } from "./typed-blocks.ts";
import { fragmentProblems } from "./unit-problems.ts";

/** Whether a block shows the output of a program. */
const isOutput = ({ language }: Block): boolean => language === "" || language === "text";

const reason = (block: Block): string | undefined => noteOf(block, "not run");

/**
 * The problems of a block that can be checked by itself. Whole units, and the types of scripts, are checked
 * together. A block without a rule is a problem too.
 */
export function blockProblems(block: Block, facts: ShellFacts): string[] {
  const { language, code } = block;
  const unknown = block.notes.filter((note) => !keywords.some((keyword) => note.startsWith(`${keyword}:`)));
  if (unknown.length > 0)
    return unknown.map(
      (note) =>
        `${placeOf(block)}: a comment before a block begins with ${keywords.join(", ")}, not with "${note}"`,
    );
  if (reason(block) !== undefined)
    return reason(block) === "" ? [`${placeOf(block)}: say why it is not run`] : [];
  const isFromFile = noteOf(block, "from") !== undefined;
  const problems: string[] = [];
  if (language === "sh") problems.push(...shellProblems(code, facts));
  else if (dataLanguages.includes(language))
    problems.push(...[dataProblem(language, code)].filter((text) => text !== undefined));
  else if (language === "ini") return fragmentProblems(block);
  else if (!isFromFile && !isOutput(block) && !scriptLanguages.includes(language))
    problems.push(`nothing checks a block of ${language}: take it from a file, or say why not`);
  if (isOutput(block) && !noteOf(block, "from")?.startsWith("docs/outputs/"))
    problems.push(
      "what a program prints must come from a file of docs/outputs, which a test writes, or say why not",
    );
  return problems.map((problem) => `${placeOf(block)}: ${problem}`);
}
