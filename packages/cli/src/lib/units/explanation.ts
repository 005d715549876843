import { explain, type Explanation, type UnitSet } from "@sockact/units";
import { colourOut } from "../output/print.ts";
import { wrap } from "../output/wrap.ts";

/**
 * Each line of the units with its reason below, for a terminal. Adjacent lines with the same reason share it.
 */
export function explainedUnits(units: UnitSet): string {
  const explanations = explain(units);
  const isLeftOut = ({ status }: Explanation): boolean => status === "left out";
  const written = explanations.filter((one) => !isLeftOut(one) && one.status !== "acknowledged");
  const acknowledged = explanations.filter(({ status }) => status === "acknowledged");
  const leftOut = explanations.filter(isLeftOut);
  return [
    ...grouped(written, ({ unit, section }) => `${unit} [${section}]`),
    ...grouped(acknowledged, ({ unit }) => `${unit}, found by the linter and acknowledged`),
    ...grouped(leftOut, ({ unit }) => `${unit}, not written`),
  ].join("\n");
}

function grouped(
  explanations: readonly Explanation[],
  headingOf: (explanation: Explanation) => string,
): string[] {
  const groups = groupBy(explanations, headingOf);
  return [...groups].map(
    ([heading, members]) => `${colourOut("bold", heading)}\n${members.map(textOf).join("")}`,
  );
}

function textOf(explanation: Explanation, index: number, members: readonly Explanation[]): string {
  const { directive, value = "", reason, cost, status } = explanation;
  const next = members[index + 1];
  const line = `${colourOut(status === "left out" ? "dim" : "cyan", `${directive}=`)}${value}\n`;
  if (next?.reason === reason && next.cost === cost) return line;
  const costText = cost === undefined ? "" : `${wrap(`The cost: ${cost}`, { indent: "    " })}\n`;
  return `${line}${wrap(reason, { indent: "    " })}\n${costText}`;
}

/** Node 20 has no Map.groupBy(). */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
