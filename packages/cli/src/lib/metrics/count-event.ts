import type { ActivatedService } from "../systemd/activated-units.ts";
import { type AppCounters, atBoot, type Run, withDuration } from "./app-counters.ts";
import type { JournalEvent, RecordEvent, UnitEvent } from "./journal-event.ts";

type Kind = ActivatedService["kind"];
type Counts = Partial<AppCounters["counts"]>;

/** How many ended runs are remembered: systemd reports their processor time afterwards. */
const REMEMBERED = 16;

/**
 * The counters of an app after an entry of the journal about one of its units.
 *
 * A wake is a start of a service that did not run, while a socket listened, which neither a restart job nor
 * `Restart=` has caused. The journal does not say who has requested a start: a `systemctl start` of a service
 * that sleeps counts as a wake, too.
 */
export function countEvent(app: AppCounters, event: JournalEvent, kind: Kind): AppCounters {
  if (event.type === "record") return withRecord(app, event);
  const next = event.unit.endsWith(".socket") ? withSocket(app, event) : withService(app, event, kind);
  return next === app ? app : withSleep(next, event.at);
}

/** The counters at the begin of another boot. The end of the runs of the last one is unknown. */
export function atNewBoot(app: AppCounters): AppCounters {
  const cpu = Object.values(app.now.runs).reduce((sum, run) => sum + run.cpu, app.cpu);
  return { ...app, cpu, asleep: app.asleepShown, ended: {}, now: atBoot() };
}

const plus = (app: AppCounters, added: Counts): AppCounters => ({
  ...app,
  counts: Object.fromEntries(
    Object.entries(app.counts).map(([name, value]) => [name, value + (added[name as keyof Counts] ?? 0)]),
  ) as AppCounters["counts"],
});

const setNow = (app: AppCounters, now: Partial<AppCounters["now"]>): AppCounters => ({
  ...app,
  now: { ...app.now, ...now },
});

function without<Value>(record: Readonly<Record<string, Value>>, name: string): Record<string, Value> {
  const { [name]: _, ...others } = record;
  return others;
}

function withRecord(app: AppCounters, event: RecordEvent): AppCounters {
  const { isSuccess, duration } = event;
  switch (event.record) {
    case "reloaded": {
      const next = plus(app, isSuccess ? { reloads: 1 } : { failedReloads: 1 });
      return isSuccess && duration !== undefined
        ? { ...next, reloads: withDuration(app.reloads, duration) }
        : next;
    }
    case "handover": {
      const next = plus(app, isSuccess ? { handovers: 1 } : { failedHandovers: 1 });
      return isSuccess && duration !== undefined
        ? { ...next, handovers: withDuration(app.handovers, duration) }
        : next;
    }
    case "drained":
      return plus(app, { cut: event.cut, moved: event.moved });
    case "rejected":
      return plus(app, { rejected: event.rejected });
    case "health":
      return setNow(app, { isHealthy: event.isHealthy });
  }
}

function withSocket(app: AppCounters, { type, unit, job, isDone }: UnitEvent): AppCounters {
  const { sockets } = app.now;
  if (type === "started" && isDone)
    return setNow(app, { sockets: { ...sockets, [unit]: { listens: true, job: job ?? 0 } } });
  if (type !== "stopped" && type !== "failed" && type !== "ended") return app;
  return setNow(app, { sockets: { ...sockets, [unit]: { listens: false, job: sockets[unit]?.job ?? 0 } } });
}

function withService(app: AppCounters, event: UnitEvent, kind: Kind): AppCounters {
  const { type, unit, invocation } = event;
  const { runs, restarts } = app.now;
  const run = runs[unit];
  const isCurrent = run?.invocation === invocation;
  const withRun = (changes: Partial<Run>): AppCounters =>
    isCurrent ? setNow(app, { runs: { ...runs, [unit]: { ...run, ...changes } } }) : app;
  switch (type) {
    case "starting":
      return started(app, event, kind);
    case "started": {
      // A service of Type=oneshot has ended by then.
      if (!event.isDone || Object.hasOwn(app.ended, invocation)) return app;
      // systemd says only this about a service of another type than notify.
      if (!isCurrent) {
        const next = started(app, event, kind);
        return setNow(next, {
          runs: { ...next.now.runs, [unit]: { ...next.now.runs[unit]!, isReady: true } },
        });
      }
      if (run.isReady) return app;
      const next = withRun({ isReady: true });
      return run.isWake ? { ...next, wakes: withDuration(app.wakes, event.at - run.began) } : next;
    }
    case "stopping":
      return withRun({ isStopping: true });
    case "stopped":
      // The end of a stop job, or the first half of a restart job.
      if (event.isRestart && restarts[unit] === undefined)
        return setNow(app, { restarts: { ...restarts, [unit]: "request" } });
      return event.isRestart ? app : setNow(app, { restarts: without(restarts, unit) });
    case "restart-scheduled": {
      // It was waiting for the restart, and not asleep.
      const next = setNow(app, { asleepSince: null, failed: without(app.now.failed, unit) });
      return setNow(next, { restarts: { ...restarts, [unit]: "failure" } });
    }
    case "start-failed":
      // systemd has refused a restart because of StartLimitBurst=.
      return setNow(app, { restarts: without(restarts, unit) });
    case "ended":
    case "skipped":
      return isCurrent ? ended(app, unit, run) : app;
    case "failed": {
      const next = isCurrent ? ended(failedRun(app, run), unit, run) : app;
      // The next connection has another unit.
      if (kind === "accept") return next;
      return setNow(next, { failed: { ...next.now.failed, [unit]: true } });
    }
    case "used":
      return event.cpu === undefined ? app : withUsage(app, unit, invocation, event.cpu);
    case "reloading":
    case "reloaded":
      return app;
  }
}

function started(app: AppCounters, { unit, invocation, at, job = 0 }: UnitEvent, kind: Kind): AppCounters {
  const { runs, restarts, failed } = app.now;
  // The journal may lack the end of the last run.
  const earlier = runs[unit];
  const base = earlier === undefined ? app : ended(app, unit, earlier);
  // A client starts no instance of a pair while the other one runs.
  const isRolled = kind === "rolling" && Object.keys(base.now.runs).length > 0;
  const restart = restarts[unit] ?? (isRolled ? "request" : undefined);
  const sockets = Object.values(app.now.sockets);
  // A start of both starts the socket first, by a later job. An old journal may not mention the sockets.
  const isWake =
    restart === undefined &&
    (sockets.length === 0 || sockets.some((socket) => socket.listens && socket.job < job));
  const next = plus(base, {
    starts: 1,
    wakes: Number(isWake),
    restartsByFailure: Number(restart === "failure"),
    restartsByRequest: Number(restart === "request"),
  });
  const run: Run = { invocation, began: at, isReady: false, isStopping: false, isWake, cpu: 0 };
  return setNow(next, {
    runs: { ...base.now.runs, [unit]: run },
    restarts: without(restarts, unit),
    failed: without(failed, unit),
    isHealthy: null,
  });
}

function failedRun(app: AppCounters, { isReady, isStopping }: Run): AppCounters {
  if (isStopping) return app;
  return plus(app, isReady ? { crashes: 1 } : { failedStarts: 1 });
}

function ended(app: AppCounters, unit: string, { invocation, cpu }: Run): AppCounters {
  const remembered = Object.entries({ ...app.ended, [invocation]: cpu }).slice(-REMEMBERED);
  const next = { ...app, cpu: app.cpu + cpu, ended: Object.fromEntries(remembered) };
  return setNow(next, { runs: without(app.now.runs, unit) });
}

/** The counters after a reading of the processor time of a run, in microseconds. */
export function withUsage(app: AppCounters, unit: string, invocation: string, cpu: number): AppCounters {
  const run = app.now.runs[unit];
  if (run?.invocation === invocation)
    return cpu <= run.cpu ? app : setNow(app, { runs: { ...app.now.runs, [unit]: { ...run, cpu } } });
  const known = app.ended[invocation];
  if (known === undefined || cpu <= known) return app;
  return { ...app, cpu: app.cpu + cpu - known, ended: { ...app.ended, [invocation]: cpu } };
}

/** Begins or ends a sleep. */
function withSleep(app: AppCounters, at: number): AppCounters {
  const { runs, restarts, failed, sockets, asleepSince } = app.now;
  const isAsleep =
    [runs, restarts, failed].every((units) => Object.keys(units).length === 0) &&
    Object.values(sockets).some(({ listens }) => listens);
  if (isAsleep) return asleepSince === null ? setNow(app, { asleepSince: at }) : app;
  if (asleepSince === null) return app;
  return { ...setNow(app, { asleepSince: null }), asleep: app.asleep + Math.max(0, at - asleepSince) };
}
