import { CliError, EXIT } from "../shared/cli-error.ts";
import { JOURNAL_HINT } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import type { AppCounters } from "./app-counters.ts";
import type { AppMetrics } from "./app-metrics.ts";
import { count, type Counters, countersOf, emptyCounters } from "./counters.ts";
import { type Entry, journalFolders, readEvents } from "./journal-reader.ts";
import type { CurrentApp } from "./known-apps.ts";
import type { KnownUnits } from "./known-units.ts";
import { managerLogProblem } from "./manager-log.ts";
import { WaitingRecords } from "./metrics-record.ts";
import { reconcile } from "./reconcile.ts";
import { readCounters, writeCounters } from "./state-file.ts";

/** How often the file is written while the journal is followed, in milliseconds. */
const WRITE_INTERVAL = 60_000;

/** How many entries may wait for a sample. Later ones are read from the journal again. */
const MOST_WAITING = 10_000;

interface CountingOptions {
  follow: boolean;
  state?: string | undefined;
  onProblem?: ((problem: CliError) => void) | undefined;
  ofApps?: AppMetrics | undefined;
}

/** Counts the entries of the journal. */
export class Counting {
  readonly #manager: ServiceManager;
  readonly #follow: boolean;
  readonly #file: string | undefined;
  readonly #onProblem: (problem: CliError) => void;
  readonly #ofApps: AppMetrics | undefined;
  readonly #reported = new Set<string>();
  readonly #ended = new AbortController();
  #counters: Counters;
  #isRestricted = false;
  #follower: Promise<void> | undefined;
  /** Ends the follower, so that the next sample reads the journal from the last counted entry. */
  #readAgain = new AbortController();
  #folders = "";
  #waiting: Entry[] = [];
  readonly #records = new WaitingRecords();
  #writtenAt = 0;
  /** The last entry that waits. */
  #last: Entry | undefined;

  constructor(manager: ServiceManager, { follow, state, onProblem = () => {}, ofApps }: CountingOptions) {
    this.#manager = manager;
    this.#follow = follow;
    this.#file = state;
    this.#onProblem = onProblem;
    this.#ofApps = ofApps;
    this.#counters = (state === undefined ? undefined : readCounters(state)) ?? emptyCounters();
    ofApps?.restore(this.#counters.own);
  }

  /** Counts the entries so far. */
  async read(units: KnownUnits): Promise<void> {
    if (this.#isRestricted) return;
    const folders = journalFolders();
    if (folders !== this.#folders) {
      this.#readAgain.abort();
      await this.#follower;
      this.#folders = folders;
    }
    if (this.#follower === undefined) {
      await this.#readAll(units);
      if (this.#follow && !this.#isRestricted) this.#startFollowing();
      return;
    }
    const { entries, last, records } = this.#takeWaiting();
    for (const { event } of entries) if (event) units.touch(event.unit, event.at);
    await units.discover();
    for (const entry of entries) this.#count(entry, units);
    if (last) this.#count({ ...last, event: undefined }, units);
    this.#ofApps?.add(records, units.find);
  }

  #takeWaiting() {
    const taken = { entries: this.#waiting, last: this.#last, records: this.#records.take() };
    this.#waiting = [];
    this.#last = undefined;
    return taken;
  }

  async #readAll(units: KnownUnits): Promise<void> {
    const { cursor } = this.#counters;
    const onEntry = (entry: Entry) => {
      if (entry.record) this.#records.add(entry.record);
      if (entry.event) units.touch(entry.event.unit, entry.event.at);
      this.#count(entry, units);
    };
    const { signal } = this.#ended;
    const options = { cursor, follow: false, ofApps: this.#ofApps !== undefined };
    const [{ isRestricted }, problem] = await Promise.all([
      readEvents(this.#manager, options, onEntry, signal),
      managerLogProblem(this.#manager),
    ]);
    if (problem) this.#report(problem);
    const taken = this.#records.take();
    // At first, there are the records of all processes of this boot. The counters begin with the newest ones.
    this.#ofApps?.add(cursor === "" ? { ...taken, dropped: new Map() } : taken, units.find);
    this.#isRestricted = isRestricted;
    if (isRestricted)
      this.#report(
        new CliError(
          "SOCKACT_ERR_JOURNAL",
          "the journal can't be read, so no counters are shown",
          JOURNAL_HINT,
          {
            exitCode: EXIT.failed,
          },
        ),
      );
    if (this.#counters.created === 0) this.#counters = { ...this.#counters, created: Date.now() };
  }

  #startFollowing(): void {
    const { cursor } = this.#counters;
    const readAgain = new AbortController();
    this.#readAgain = readAgain;
    const onEntry = ({ record, ...entry }: Entry) => {
      if (record) this.#records.add(record);
      // Every user may send a long record with an event: the record does not wait with it.
      this.#last = { ...entry, record: undefined };
      if (entry.event && this.#waiting.push(this.#last) >= MOST_WAITING) readAgain.abort();
    };
    const signal = AbortSignal.any([this.#ended.signal, readAgain.signal]);
    const end = (error?: unknown) => {
      this.#follower = undefined;
      this.#takeWaiting();
      if (error instanceof CliError) this.#report(error);
    };
    const options = { cursor, follow: true, ofApps: this.#ofApps !== undefined };
    this.#follower = readEvents(this.#manager, options, onEntry, signal).then(() => end(), end);
  }

  #count({ event, cursor, time }: Entry, units: KnownUnits): void {
    const created = this.#counters.created || time;
    const counted = event === undefined ? this.#counters : count(this.#counters, event, units.find);
    this.#counters = { ...counted, created, cursor };
  }

  /** The counters with the values of this moment. Undefined if the journal can't be read. */
  reconciled(apps: readonly CurrentApp[], at: number): Counters | undefined {
    if (this.#isRestricted) return undefined;
    const own = apps.map((app): [string, AppCounters] => {
      const { name } = app.service;
      return [name, reconcile(countersOf(this.#counters, name), app, at)];
    });
    // Others have been uninstalled.
    const counters = { ...this.#counters, apps: Object.fromEntries(own) };
    this.#counters = counters;
    this.#ofApps?.keepOnly(Object.keys(counters.apps));
    if (!this.#follow || performance.now() - this.#writtenAt > WRITE_INTERVAL) this.#write();
    return counters;
  }

  #write(): void {
    if (this.#file === undefined || this.#isRestricted || this.#counters.created === 0) return;
    this.#writtenAt = performance.now();
    try {
      writeCounters(this.#file, { ...this.#counters, own: this.#ofApps?.save() ?? this.#counters.own });
      this.#reported.delete("SOCKACT_ERR_WRITE");
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.#report(error);
    }
  }

  /** Says something once. */
  #report(problem: CliError): void {
    if (this.#reported.has(problem.code)) return;
    this.#reported.add(problem.code);
    this.#onProblem(problem);
  }

  /** Ends journalctl, and writes the counters. The process may end at once. */
  close(): void {
    this.#ended.abort();
    this.#write();
  }
}
