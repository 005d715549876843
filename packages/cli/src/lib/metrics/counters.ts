import { type AppCounters, noCounters } from "./app-counters.ts";
import type { SavedAppValues } from "./app-values.ts";
import { atNewBoot, countEvent } from "./count-event.ts";
import type { JournalEvent } from "./journal-event.ts";
import type { UnitIndex } from "./unit-index.ts";

/** The counters of all apps, and up to where they count. */
export interface Counters {
  /** The version of this format. */
  format: 1;
  /** Since when they count, in milliseconds since 1970. 0 if nothing was counted yet. */
  created: number;
  /** The boot of the last entry. */
  boot: string;
  /** The position of the last entry in the journal. Empty if there was none. */
  cursor: string;
  apps: Record<string, AppCounters>;
  /** What apps have recorded of their own. */
  own: SavedAppValues;
}

export const emptyCounters = (): Counters => ({
  format: 1,
  created: 0,
  boot: "",
  cursor: "",
  apps: {},
  own: {},
});

/** The counters after an entry. */
export function count(counters: Counters, event: JournalEvent, index: UnitIndex): Counters {
  const current = counters.boot === event.boot ? counters : inBoot(counters, event.boot);
  const service = index(event.unit);
  if (service === undefined) return current;
  const { name, kind } = service;
  return {
    ...current,
    apps: { ...current.apps, [name]: countEvent(countersOf(current, name), event, kind) },
  };
}

/** The counters of an app. Its name may be that of a property of all objects. */
export const countersOf = ({ apps }: Counters, name: string): AppCounters =>
  Object.hasOwn(apps, name) ? apps[name]! : noCounters();

const inBoot = (counters: Counters, boot: string): Counters => ({
  ...counters,
  boot,
  apps: Object.fromEntries(Object.entries(counters.apps).map(([name, app]) => [name, atNewBoot(app)])),
});
