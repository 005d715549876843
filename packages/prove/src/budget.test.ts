import { describe, expect, it, test } from "vitest";
import { BUDGET_FIGURES, checkBudgets, parseBudget } from "./budget.ts";
import type { Check } from "./report.ts";

test("a budget has a limit for each figure, in its unit", () => {
  expect(parseBudget("wake=300ms, score=2.0,lost=0,wakeRatio=1.5x,heap=2kB,start=1min 2s")).toEqual([
    { figure: "wake", limit: 300 },
    { figure: "score", limit: 2 },
    { figure: "lost", limit: 0 },
    { figure: "wakeRatio", limit: 1.5 },
    { figure: "heap", limit: 2048 },
    { figure: "start", limit: 62_000 },
  ]);
});

test.each([
  ["wkae=300ms", 'unknown figure "wkae" in the budget', "Did you mean wake?"],
  ["nonsense=1", 'unknown figure "nonsense" in the budget', `The figures are ${BUDGET_FIGURES.join(", ")}.`],
  ["", 'unknown figure "" in the budget', `The figures are ${BUDGET_FIGURES.join(", ")}.`],
  [
    "requests=5",
    "requests can't have a budget: it says how much was tried",
    expect.stringMatching(/^The figures are /),
  ],
  [
    "wake=300",
    'the budget of wake must be a duration such as 300ms; got "300"',
    "Add a unit: '300s' for seconds, or '300ms' for milliseconds.",
  ],
  ["lost=-1", 'the budget of lost must be a whole number such as 0; got "-1"', "Write lost=0."],
  ["lost=0.5", 'the budget of lost must be a whole number such as 0; got "0.5"', "Write lost=0."],
  ["lost", 'the budget of lost must be a whole number such as 0; got ""', "Write lost=0."],
  ["score=2=3", 'the budget of score must be a score from 0 to 10, such as 2.0; got "2"', "Write score=2.0."],
  [
    "score=1e3",
    'the budget of score must be a score from 0 to 10, such as 2.0; got "1e3"',
    "Write score=2.0.",
  ],
  [
    "wake=infinity",
    'the budget of wake must be a duration such as 300ms; got "infinity"',
    "Write wake=300ms.",
  ],
  ["heap=2GiB", 'the budget of heap must be a size such as 2kB; got "2GiB"', "Write heap=2kB."],
])("the budget %j is refused, with what is right", (text, message, hint) => {
  const error = expect.objectContaining({
    code: "SOCKACT_ERR_PROVE_OPTION",
    message,
    hint,
  }) as Error;
  expect(() => parseBudget(text)).toThrow(error);
});

describe("a budget is compared with", () => {
  const check = (figures: Check["figures"]): Check => ({
    id: "restart",
    verdict: "held",
    figures,
    causes: [],
    seconds: 1,
  });
  const checks = [check({ lost: 1, wake: 200 }), check({ lost: 2, wake: 300 })];

  it("the sum of a count, and the highest value of another figure", () => {
    expect(checkBudgets({ checks }, parseBudget("lost=2,wake=300ms"))).toEqual([
      { figure: "lost", limit: 2, value: 3, held: false },
      { figure: "wake", limit: 300, value: 300, held: true },
    ]);
  });

  it("nothing, if the figure was not measured: then it is over the budget", () => {
    expect(checkBudgets({ checks }, parseBudget("score=10"))).toEqual([
      { figure: "score", limit: 10, held: false },
    ]);
  });
});
