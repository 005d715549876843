import { CAUSES, type CauseCode } from "../../../packages/prove/src/causes.ts";
import { BUDGET_FIGURES } from "../../../packages/prove/src/budget.ts";
import { FIGURES } from "../../../packages/prove/src/figures.ts";
import { CHECKS } from "../../../packages/prove/src/report.ts";
import { CAUSE_WORDS } from "../../../packages/prove/src/formats/cause-words.ts";
import { CHECK_WORDS } from "../../../packages/prove/src/formats/words.ts";
import { alignedTable } from "./aligned-table.ts";
import { sameNames } from "./same-names.ts";

/** The causes of each theme, by their codes without `SOCKACT_PROVE_`. */
const themes: Record<string, string> = {
  "Stops and restarts": "EXIT CLOSE SIGTERM SIGHUP RESULT OPEN CHILD",
  "Starts and answers": "READY SLOW WAIT STATUS CRASH",
  "While it runs": "AWAKE BLOCK DESCRIPTORS MEMORY LINES",
  "The sandbox": "WRITE REFUSED PORT",
};

/** The entry of each cause of a broken promise. */
export function proveCodes(): string {
  const named = Object.values(themes).flatMap((codes) => codes.split(" "));
  sameNames(
    "the themes of the causes",
    named.map((code) => `SOCKACT_PROVE_${code}`),
    CAUSES,
  );
  return Object.entries(themes)
    .map(([theme, codes]) =>
      [
        `## ${theme}\n`,
        ...codes.split(" ").map((code) => entryOf(`SOCKACT_PROVE_${code}` as CauseCode)),
      ].join("\n"),
    )
    .join("\n");
}

/** The last text of a cause has no values. */
function entryOf(code: CauseCode): string {
  const { says, why, fix } = CAUSE_WORDS[code];
  const what = says.at(-1)!.replace(/^It\b/, "The app").replace("that it has", "that the app has");
  return `### \`${code}\`\n\n${what} ${why}\n\n- **Fix:** ${fix}\n`;
}

/** The promises that are tried, in their order, each with the figures that may have a budget. */
export function promises(): string {
  const rows = CHECKS.map((id) => {
    const figures = BUDGET_FIGURES.filter((name) => FIGURES[name].check === id).map((name) => `\`${name}\``);
    return [`\`${id}\``, CHECK_WORDS[id].promise, figures.join(", ")];
  });
  return alignedTable([["check", "what must hold", "figures"], ...rows]);
}
