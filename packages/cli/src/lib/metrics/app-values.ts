import { type AppText, parseAppText, type Series, SERIES_MAX } from "./app-text.ts";
import type { Sample } from "./catalog.ts";
import { labelValue, valueText } from "./exposition.ts";
import type { MetricsRecord } from "./metrics-record.ts";

/** The most characters of the names and labels of one app. The kernel allows about as many for one message. */
const LENGTH_MAX = 250_000;

/** The most processes, series and characters of what may still be alive of an app. */
const ALIVE = { lives: 32, series: 20_000, length: 1_000_000 };

/** What one process of an app has recorded last. */
interface Life extends AppText {
  /** Identifies the process: its unit, the run of the unit, and its PID. */
  id: string;
  text: string;
}

interface App {
  /** The processes that may still be alive, in the order in which they have begun to record values. */
  lives: Life[];
  /** The same processes. The last one has recorded values last. */
  recent: Set<string>;
  /** The sums of the counters of earlier processes, by series. */
  carried: Map<string, Series>;
  /** When a process recorded values, in seconds since 1970. */
  time: number;
}

/** What {@link AppValues.save} returns, by the name of the app. */
export type SavedAppValues = Record<
  string,
  {
    time: number;
    /** What each process has recorded last. */
    lives: Record<string, string>;
    carried: Record<string, Series>;
  }
>;

/** A record of an app. */
export type AppRecord = Omit<MetricsRecord, "unit"> & { app: string };

/**
 * The own metrics of apps, as they last recorded them. They outlive the process: an app that sleeps keeps its
 * values.
 *
 * A counter goes on from where the process before has left it. It may not begin at 0 again: an app that wakes
 * and falls asleep between two scrapes may reach the same number as last time, which rate() can't see.
 */
export class AppValues {
  readonly #apps = new Map<string, App>();
  #text: string | undefined;

  constructor(saved: SavedAppValues = {}) {
    for (const [name, { time, lives, carried }] of Object.entries(saved)) {
      for (const [process, text] of Object.entries(lives)) this.add({ app: name, process, text, time });
      const app = this.#apps.get(name);
      if (app) app.carried = new Map(Object.entries(carried));
    }
  }

  /**
   * Adds what a process has recorded. Returns a string that says what is wrong with it, if it is not valid.
   * The earlier values then stay.
   */
  add({ app: name, process: id, text, time }: AppRecord): string | undefined {
    const parsed = parseAppText(text);
    if (typeof parsed === "string") return parsed;
    const app: App = this.#apps.get(name) ?? { lives: [], recent: new Set(), carried: new Map(), time };
    const life: Life = { id, text, ...parsed };
    const index = app.lives.findIndex((each) => each.id === id);
    if (index === -1) app.lives.push(life);
    else app.lives[index] = life;
    app.recent.delete(id);
    app.recent.add(id);
    for (const earlier of app.recent) if (isOver(earlier, id)) end(app, earlier);
    while (areTooMany(app.lives)) end(app, [...app.recent][0]!);
    // An app whose labels always change would fill the memory. Its counters begin again.
    if (isTooLarge(current(app)))
      Object.assign(app, { lives: [life], recent: new Set([id]), carried: new Map() });
    app.time = time;
    this.#apps.set(name, app);
    this.#text = undefined;
    return undefined;
  }

  /** Forgets the apps that are gone. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#apps.keys())
      if (!names.has(name)) {
        this.#apps.delete(name);
        this.#text = undefined;
      }
  }

  /** When each app has recorded its values. */
  samples(): Sample[] {
    return [...this.#apps].map(([app, { time }]) => ({
      metric: "sockact_app_metrics_timestamp_seconds",
      labels: { app },
      value: time,
    }));
  }

  /**
   * The values of all apps in Prometheus' text format, version 0.0.4, with the label `app`. Families whose
   * types contradict each other have no type, because a parser may refuse everything.
   */
  text(): string {
    return (this.#text ??= expose(this.#apps));
  }

  /** What the constructor takes. */
  save(): SavedAppValues {
    return Object.fromEntries(
      [...this.#apps].map(([name, { time, lives, carried }]) => {
        const texts = lives.map(({ id, text }): [string, string] => [id, text]);
        return [name, { time, lives: Object.fromEntries(texts), carried: Object.fromEntries(carried) }];
      }),
    );
  }
}

/** A unit has one run at a time. After a handover, a run has two processes, and a cluster has more. */
function isOver(earlier: string, later: string): boolean {
  const [[unit, run], [laterUnit, laterRun]] = [earlier.split(" "), later.split(" ")];
  return unit === laterUnit && run !== laterRun;
}

function areTooMany(lives: readonly Life[]): boolean {
  const series = lives.reduce((sum, life) => sum + life.series.size, 0);
  const length = lives.reduce((sum, { text }) => sum + text.length, 0);
  return lives.length > 1 && (lives.length > ALIVE.lives || series > ALIVE.series || length > ALIVE.length);
}

/** Adds the counters of a process to those of the processes that have ended. */
function end(app: App, id: string): void {
  app.recent.delete(id);
  const index = app.lives.findIndex((life) => life.id === id);
  for (const [key, series] of app.lives.splice(index, 1)[0]!.series) carry(app, key, series);
}

function carry({ carried }: App, key: string, series: Series): void {
  const value = series.value + (carried.get(key)?.value ?? 0);
  // JSON has no other numbers.
  if (series.isCounter && Number.isFinite(value)) carried.set(key, { ...series, value });
}

/** One text has at most as many series, and is at most as long. */
function isTooLarge(all: ReadonlyMap<string, Series>): boolean {
  let length = 0;
  for (const key of all.keys()) length += key.length;
  return all.size > SERIES_MAX || length > LENGTH_MAX;
}

/** The values of the newest process, and the sums of its counters with those of earlier processes. */
function current({ lives, carried }: App): Map<string, Series> {
  const sums = new Map(lives.at(-1)!.series);
  for (const earlier of [...lives.slice(0, -1).map(({ series }) => series), carried])
    for (const [key, series] of earlier) {
      const sum = sums.get(key);
      if (sum === undefined ? series.isCounter : sum.isCounter && series.isCounter)
        sums.set(key, { ...series, ...sum, value: series.value + (sum?.value ?? 0) });
    }
  return sums;
}

function expose(apps: ReadonlyMap<string, App>): string {
  const families = new Map<string, { types: Set<string>; help: string | undefined; lines: string[] }>();
  /** By the name of a sample, the families that have it. */
  const owners = new Map<string, Set<string>>();
  for (const [name, app] of [...apps].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const label = `app="${labelValue(name)}"`;
    for (const [key, { family, type, value }] of current(app)) {
      const all = families.get(family) ?? { types: new Set(), help: undefined, lines: [] };
      families.set(family, all);
      all.help ??= app.lives.at(-1)!.families.get(family)?.help;
      if (!all.types.has(type)) for (const each of namesOf(family, type)) own(owners, each, family);
      all.types.add(type);
      const brace = key.indexOf("{");
      const labels = key.slice(brace + 1, -1);
      all.lines.push(
        `${key.slice(0, brace)}{${label}${labels === "" ? "" : `,${labels}`}} ${valueText(value)}\n`,
      );
    }
  }
  const shared = new Set([...owners.values()].filter(({ size }) => size > 1).flatMap((each) => [...each]));
  return [...families]
    .flatMap(([family, { types, help, lines }]) => {
      const [type] = types;
      if (types.size > 1 || shared.has(family)) return lines;
      const helped = help === undefined ? [] : [`# HELP ${family} ${help}\n`];
      return [...helped, `# TYPE ${family} ${type}\n`, ...lines];
    })
    .join("");
}

/** The names that a parser takes for samples of this family. */
const namesOf = (family: string, type: string): string[] =>
  type === "histogram" || type === "summary"
    ? [family, `${family}_bucket`, `${family}_sum`, `${family}_count`]
    : [family];

function own(owners: Map<string, Set<string>>, name: string, family: string): void {
  owners.set(name, (owners.get(name) ?? new Set()).add(family));
}
