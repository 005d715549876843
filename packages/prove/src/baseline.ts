import { isLessBetter, valueOf } from "./budget.ts";
import { type Figure, FIGURES } from "./figures.ts";
import { ProveError } from "./prove-error.ts";
import { type CheckId, CHECKS, type Report, type Verdict } from "./report.ts";

const VERDICTS: ReadonlySet<unknown> = new Set(["held", "broken", "absent", "untried"] satisfies Verdict[]);

/** What differs between two runs. */
export type Difference =
  | { readonly what: "verdict"; readonly check: CheckId; readonly before: Verdict; readonly now: Verdict }
  | { readonly what: "figure"; readonly figure: Figure; readonly before: number; readonly now: number };

/** How much more a figure may be by chance: the larger one of a part of its value, and of an amount. */
interface Noise {
  readonly part: number;
  readonly amount: number;
}

/** No more at all: one lost request is one too many. */
const NONE: Noise = { part: 0, amount: 0 };

/**
 * The noise of each figure that two runs are compared by. Milliseconds are not: they say more about the
 * machine than about the app. A ratio is against the app's own plain start, in the same minute.
 */
const NOISE: Partial<Record<Figure, Noise>> = {
  wakeRatio: { part: 0.25, amount: 0.2 },
  score: { part: 0, amount: 0.1 },
  lost: NONE,
  resets: NONE,
  reloadLost: NONE,
  crashLost: NONE,
  writes: NONE,
  refused: NONE,
  descriptors: { part: 0.25, amount: 2 },
  heap: { part: 0.5, amount: 256 },
  lines: { part: 0.25, amount: 12 },
};

/**
 * What has changed since an earlier run: each promise with another verdict, then each figure that is worse by
 * more than chance. A figure that only one of them has is no difference. The exposure is compared only if
 * both have the same systemd, since each version scores by its own rules.
 */
export function compareReports(before: Report, now: Report): Difference[] {
  const verdicts = CHECKS.flatMap((check): Difference[] => {
    const [old, recent] = [before, now].map(({ checks }) => checks.find(({ id }) => id === check)?.verdict);
    return old === undefined || recent === undefined || old === recent
      ? []
      : [{ what: "verdict", check, before: old, now: recent }];
  });
  const figures = (Object.keys(FIGURES) as Figure[]).filter(isLessBetter).flatMap((figure): Difference[] => {
    const noise = NOISE[figure];
    const [old, recent] = [valueOf(before, figure), valueOf(now, figure)];
    if (noise === undefined || old === undefined || recent === undefined) return [];
    if (figure === "score" && before.versions.systemd !== now.versions.systemd) return [];
    // Rounded, since 1.5 - 1.4 is a little more than 0.1.
    const more = Number((recent - old).toFixed(6));
    return more > Math.max(noise.amount, Math.abs(old) * noise.part)
      ? [{ what: "figure", figure, before: old, now: recent }]
      : [];
  });
  return [...verdicts, ...figures];
}

/**
 * Reads the JSON of an earlier run.
 *
 * @throws ProveError with `SOCKACT_ERR_PROVE_BASELINE` if it is none. The message quotes nothing of it: root
 *   may have been made to read a secret.
 */
export function parseBaseline(text: string, name: string): Report {
  const invalid = (why: string, hint: string) =>
    new ProveError("SOCKACT_ERR_PROVE_BASELINE", `${name} is no report of sockact prove: ${why}`, hint);
  const again = "Write it again, with --save.";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid("it is not valid JSON", again);
  }
  const { format, checks, versions } = (value ?? {}) as Partial<Report>;
  if (format !== 1)
    throw typeof format === "number"
      ? invalid("it is of another version of sockact", again)
      : invalid("it has no field format", again);
  const isChecks =
    Array.isArray(checks) &&
    checks.every(
      (check: unknown) =>
        typeof check === "object" &&
        check !== null &&
        "verdict" in check &&
        VERDICTS.has(check.verdict) &&
        "figures" in check &&
        typeof check.figures === "object" &&
        check.figures !== null &&
        Object.values(check.figures).every((figure) => typeof figure === "number"),
    );
  if (!isChecks || typeof versions !== "object" || versions === null)
    throw invalid("its fields are others", again);
  return value as Report;
}
