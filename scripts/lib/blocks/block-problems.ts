import { type Block, noteOf, placeOf } from "./page-blocks.ts";
import { dataLanguages, dataProblem } from "./data-problem.ts";
import { commandsIn, shellProblems, type ShellFacts } from "./shell-problems.ts";
import { scriptLanguages } from "./typed-blocks.ts";
import { fragmentProblems } from "./unit-problems.ts";

const shells: readonly string[] = ["sh", "bash"];

/** Whether a block shows what a program has printed. */
const isOutput = ({ language, code }: Block): boolean =>
  language === "" ||
  language === "text" ||
  (language === "console" && code.split("\n").some((line) => !/^(?:[$#] |\s*$)/.test(line)));

const reason = (block: Block): string | undefined => noteOf(block, "not run");

/**
 * What is wrong with a block that can be checked by itself. Whole units, and the types of scripts, are checked together. A block that no rule
 * covers is a problem too.
 */
export function blockProblems(block: Block, facts: ShellFacts): string[] {
  const { language, code } = block;
  if (reason(block) !== undefined)
    return reason(block) === "" ? [`${placeOf(block)}: say why it is not run`] : [];
  const isFromFile = noteOf(block, "from") !== undefined;
  const problems: string[] = [];
  if (shells.includes(language)) problems.push(...shellProblems(code, facts));
  else if (language === "console") problems.push(...shellProblems(commandsIn(code), facts));
  else if (dataLanguages.includes(language))
    problems.push(...[dataProblem(language, code)].filter((text) => text !== undefined));
  else if (language === "ini") return fragmentProblems(block);
  else if (!isFromFile && !isOutput(block) && !scriptLanguages.includes(language))
    problems.push(`nothing checks a block of ${language}: take it from a file, or say why not`);
  if (isOutput(block) && !isFromFile)
    problems.push("what a program prints must come from a file that a test writes, or say why not");
  return problems.map((problem) => `${placeOf(block)}: ${problem}`);
}
