import { statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { linkOf, list } from "../shared/proc.ts";
import { monotonicTime } from "./monotonic-time.ts";
import { type ActivatedService, activatedServices } from "../systemd/activated-units.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { appsReading, askAbout, type KnownApp } from "./known-apps.ts";
import { type UnitIndex, unitIndex } from "./unit-index.ts";

/** States that may change without a trace: only systemd knows when they end. */
const isSettled = ({ units, sockets }: KnownApp): boolean =>
  units.every(({ ActiveState }) => ActiveState === "active" || ActiveState === "inactive") &&
  sockets.every(({ ActiveState }) => ActiveState === "active" || ActiveState === "inactive");

/**
 * Gives each service a name of its own. `shop@.service` is `shop` too, unless there is a `shop.service`: then it
 * is `shop@`, since Prometheus refuses two samples with the same labels.
 */
export function distinct(services: readonly ActivatedService[]): ActivatedService[] {
  const names = new Set(services.filter(({ kind }) => kind === "single").map(({ name }) => name));
  return services.map((service) =>
    service.kind !== "single" && names.has(service.name) ? { ...service, name: `${service.name}@` } : service,
  );
}

/** When a file or folder was changed. */
function changedAt(path: string): bigint {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? 0n;
}

/**
 * How long an answer of systemd counts, in milliseconds. Without an entry in the journal, a change is seen only
 * then: LogLevelMax= of a unit suppresses systemd's own entries, and journald drops those of a flood.
 */
const TRUST_MS = 300_000;

interface KnownUnitsOptions {
  all: boolean;
  follow: boolean;
  trust?: number | undefined;
}

/**
 * What systemd has said about the units. With `follow`, it is asked again only about units that may have
 * changed: the journal has an entry about them, or systemd has another run of them. systemd has loaded its
 * units again if it says so in a file, or if its generators have run.
 */
export class KnownUnits {
  readonly #manager: ServiceManager;
  readonly #all: boolean;
  readonly #follow: boolean;
  readonly #trust: number;
  readonly #folder: string;
  #services: readonly ActivatedService[] = [];
  /** Whether there may be other services. */
  #isStale = true;
  /** What systemd has said while the services were found, until {@link ask}. */
  #found: ServiceManager | undefined;
  /** When systemd was asked for the services, in microseconds of the monotonic clock. */
  #foundAt = 0;
  #index: UnitIndex = unitIndex([]);
  readonly #apps = new Map<string, KnownApp>();
  readonly #changed = new Set<string>();
  #runsAt = -1n;
  #loadedAt = "";
  #runs = new Map<string, string>();

  constructor(manager: ServiceManager, { all, follow, trust = TRUST_MS }: KnownUnitsOptions) {
    this.#manager = manager;
    this.#all = all;
    this.#follow = follow;
    this.#trust = trust * 1000;
    const runtime = manager.user ? (process.env["XDG_RUNTIME_DIR"] ?? "/nonexistent") : "/run";
    this.#folder = join(runtime, "systemd");
  }

  /** Finds the service of a unit. */
  get find(): UnitIndex {
    return this.#index;
  }

  /**
   * Says that a unit may have changed at a time, in microseconds of the monotonic clock. One that is not known
   * may be new.
   */
  touch(unit: string, at: number): void {
    if (at < this.#foundAt) return;
    const service = this.#index(unit);
    if (service !== undefined) this.#changed.add(service.name);
    else if (unit.endsWith(".socket")) this.#isStale = true;
  }

  /** Asks systemd about everything the next time. */
  forget(): void {
    this.#isStale = true;
  }

  /** Asks systemd which services there are, if that may have changed. */
  async discover(): Promise<void> {
    const loadedAt = [this.#folder, join(this.#folder, "systemd-units-load")].map(changedAt).join(" ");
    const runsAt = changedAt(join(this.#folder, "units"));
    const isOld = monotonicTime() - this.#foundAt > this.#trust;
    if (loadedAt !== this.#loadedAt || isOld || !this.#follow) this.#isStale = true;
    if (runsAt !== this.#runsAt) this.#touchRuns();
    if (this.#isStale) {
      this.#foundAt = monotonicTime();
      this.#found = appsReading(this.#manager);
      this.#services = distinct(await activatedServices(this.#found, { all: this.#all }));
      this.#index = unitIndex(this.#services);
      this.#apps.clear();
      this.#changed.clear();
      this.#isStale = false;
    }
    this.#loadedAt = loadedAt;
    this.#runsAt = runsAt;
  }

  /** Asks systemd about units that may have changed. */
  async ask(): Promise<KnownApp[]> {
    const services = this.#services;
    const asked = services.filter(({ name }) => {
      const known = this.#apps.get(name);
      return known === undefined || this.#changed.has(name) || !isSettled(known);
    });
    const isFound = ({ name }: ActivatedService) => this.#found !== undefined && !this.#changed.has(name);
    const [found, others] = [asked.filter(isFound), asked.filter((service) => !isFound(service))];
    const reading = this.#found ?? this.#manager;
    this.#found = undefined;
    this.#changed.clear();
    try {
      const answers = [...(await askAbout(reading, found)), ...(await askAbout(this.#manager, others))];
      for (const app of answers) this.#apps.set(app.service.name, app);
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
    return services.map(({ name }) => this.#apps.get(name)!);
  }

  /** Each service that is active has a link to its InvocationID. */
  #touchRuns(): void {
    const folder = join(this.#folder, "units");
    const found = new Map<string, string>();
    for (const name of list(folder)) {
      const unit = name.replace(/^invocation:/, "");
      if (unit === name || !/\.(?:service|socket)$/.test(unit)) continue;
      found.set(unit, linkOf(join(folder, name)));
    }
    for (const unit of new Set([...found.keys(), ...this.#runs.keys()]))
      if (found.get(unit) !== this.#runs.get(unit)) this.touch(unit, Infinity);
    this.#runs = found;
  }
}
