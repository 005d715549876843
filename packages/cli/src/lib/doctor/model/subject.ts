import process from "node:process";
import { clean } from "../../shared/clean.ts";
import { serviceCommand } from "../../shared/own-command.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";

/** A value that is read once, and only if a diagnosis needs it. */
type Fact<Of, Value> = (of: Of) => Promise<Value>;

/** A cache of facts. */
class Facts {
  readonly #known = new Map<unknown, Promise<unknown>>();

  /** Reads a fact once. */
  get<Value>(fact: Fact<this, Value>): Promise<Value> {
    const value = (this.#known.get(fact) as Promise<Value> | undefined) ?? fact(this);
    this.#known.set(fact, value);
    return value;
  }

  /** Reads several facts at the same time. */
  all<Values extends unknown[]>(
    ...facts: { [Index in keyof Values]: Fact<this, Values[Index]> }
  ): Promise<Values> {
    return Promise.all(facts.map((fact) => this.get(fact))) as Promise<Values>;
  }
}

/** What the doctor could not read, and a command that shows it. */
export interface Unseen {
  what: string;
  how: string;
}

/** The machine, shared by all services. */
export class Host extends Facts {
  readonly manager: ServiceManager;
  readonly isRoot = process.getuid?.() === 0;
  readonly #unseen = new Map<string, Unseen>();

  constructor(manager: ServiceManager) {
    super();
    this.manager = manager;
  }

  /** Notes once that something could not be read. */
  cannotSee(what: string, how: string): void {
    this.#unseen.set(what, { what: clean(what), how: clean(how) });
  }

  get unseen(): Unseen[] {
    return [...this.#unseen.values()];
  }
}

/**
 * A service and its sockets. Diagnoses read its facts, which are functions in `facts/`: `await
 * subject.get(journal)`.
 */
export class Subject extends Facts {
  readonly host: Host;
  /** The service's unit, such as `shop.service` or `shop@blue.service`. */
  readonly service: string;
  /** The socket units, such as `shop.socket`. */
  readonly sockets: readonly string[];

  constructor(host: Host, service: string, sockets: readonly string[]) {
    super();
    this.host = host;
    this.service = service;
    this.sockets = sockets;
  }

  /** The name that the user knows, such as `shop`. */
  get name(): string {
    return this.service.replace(/(?:@.*)?\.service$/, "");
  }

  /** All of its units, the service first. */
  get units(): string[] {
    return [this.service, ...this.sockets];
  }

  /** The command for messages: `systemctl` or `systemctl --user`. */
  get systemctl(): string {
    return this.host.manager.systemctl;
  }

  /** A sockact command for it, such as `sockact logs shop`. */
  command(name: string): string {
    return serviceCommand(name, this.name, this.host.manager.user);
  }
}
