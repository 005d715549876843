import process from "node:process";
import { clean } from "../../shared/clean.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { type Fact, Facts } from "./facts.ts";

/** Something that the doctor could not read, and the command to see it. */
export interface Unseen {
  what: string;
  how: string;
}

/** The machine, which all services share. */
export class Host {
  readonly manager: ServiceManager;
  readonly isRoot = process.getuid?.() === 0;
  readonly #facts = new Facts<Host>(this);
  readonly #unseen = new Map<string, Unseen>();

  constructor(manager: ServiceManager) {
    this.manager = manager;
  }

  get<Value>(fact: Fact<Host, Value>): Promise<Value> {
    return this.#facts.get(fact);
  }

  /** Notes once that something could not be read. */
  cannotSee(what: string, how: string): void {
    this.#unseen.set(what, { what: clean(what), how: clean(how) });
  }

  get unseen(): Unseen[] {
    return [...this.#unseen.values()];
  }
}
