import type { AppCounters } from "./app-counters.ts";
import { withUsage } from "./count-event.ts";
import type { CurrentApp } from "./known-apps.ts";
import { numberOf } from "../status/unit-properties.ts";

/** How long an entry of the journal may be late, in microseconds. */
const LATE = 60e6;

/**
 * The counters with what the kernel and systemd know at a time, in microseconds of the monotonic clock: the
 * processor time, and what the journal does not say, because it lacks entries or there are none.
 */
export function reconcile(counters: AppCounters, current: CurrentApp, at: number): AppCounters {
  return withShownSleep(withUsages(withoutLostRuns(counters, current, at), current), current, at);
}

/** Removes runs whose end is not in the journal. */
function withoutLostRuns(counters: AppCounters, current: CurrentApp, at: number): AppCounters {
  const { runs } = counters.now;
  const isLost = (unit: string): boolean => {
    if (current.service.kind === "accept")
      return at - runs[unit]!.began > LATE && !current.usages.some((usage) => usage.unit === unit);
    const properties = current.units.find(({ Id }) => Id === unit);
    if (properties === undefined || !/^(?:inactive|failed)$/.test(properties.ActiveState)) return false;
    return at - (numberOf(properties.InactiveEnterTimestampMonotonic) ?? 0) > LATE;
  };
  const lost = Object.keys(runs).filter(isLost);
  if (lost.length === 0) return counters;
  const kept = Object.entries(runs).filter(([unit]) => !lost.includes(unit));
  const cpu = lost.reduce((sum, unit) => sum + runs[unit]!.cpu, counters.cpu);
  return { ...counters, cpu, now: { ...counters.now, runs: Object.fromEntries(kept) } };
}

function withUsages(counters: AppCounters, { units, usages }: CurrentApp): AppCounters {
  let next = counters;
  for (const { unit, cpu } of usages) {
    const run = next.now.runs[unit];
    if (run) next = withUsage(next, unit, run.invocation, cpu);
  }
  // systemd remembers what the last run has used.
  for (const { Id, InvocationID, ActiveState, CPUUsageNSec } of units) {
    const cpu = numberOf(CPUUsageNSec);
    if (cpu !== null && cpu < 2 ** 63 && /^(?:inactive|failed)$/.test(ActiveState))
      next = withUsage(next, Id, InvocationID, cpu / 1000);
  }
  return next;
}

/** Shows a sleep that goes on. The journal may be a moment behind, and nothing that was shown becomes less. */
function withShownSleep(counters: AppCounters, { state }: CurrentApp, at: number): AppCounters {
  const isAsleep = state === "asleep";
  const { runs, restarts, asleepSince } = counters.now;
  const isIdle = Object.keys(runs).length === 0 && Object.keys(restarts).length === 0;
  // systemctl reset-failed leaves no entry, and a start of the socket may be older than the journal.
  const since = isAsleep && isIdle ? (asleepSince ?? at) : asleepSince;
  const current = isAsleep && since !== null ? Math.max(0, at - since) : 0;
  const failed = isAsleep && isIdle ? {} : counters.now.failed;
  return {
    ...counters,
    asleepShown: Math.max(counters.asleepShown, counters.asleep + current),
    now: { ...counters.now, failed, asleepSince: since },
  };
}
