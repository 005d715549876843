import type { Duration, Expression } from "./promql.ts";

/** An alert. In its texts, `{{ $labels.app }}` is the name of the app. */
export interface Alert {
  expression: Expression;
  /** How long the expression must be true before the alert fires. */
  for: Duration;
  /** `critical`: clients notice it now. `warning`: somebody should look today. */
  severity: "critical" | "warning";
  summary: string;
  description: string;
  /** The command that looks closer. */
  command: string;
  /** The page of the docs, with its fragment. */
  page: string;
  /** Why the threshold and the durations are as they are. */
  reason: string;
}
