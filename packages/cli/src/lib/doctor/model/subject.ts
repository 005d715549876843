import { type Fact, Facts } from "./facts.ts";
import type { Host } from "./host.ts";

/** A service with the sockets that start it. Diagnoses read its facts, which are functions in `facts/`: `await subject.get(journal)`. */
export class Subject {
  readonly host: Host;
  /** The service's unit, such as `shop.service` or `shop@blue.service`. */
  readonly service: string;
  /** The socket units, such as `shop.socket`. */
  readonly sockets: readonly string[];
  readonly #facts = new Facts<Subject>(this);

  constructor(host: Host, service: string, sockets: readonly string[]) {
    this.host = host;
    this.service = service;
    this.sockets = sockets;
  }

  /** What the user calls it, such as `shop`. */
  get name(): string {
    return this.service.replace(/(?:@.*)?\.service$/, "");
  }

  /** All of its units, the service first. */
  get units(): string[] {
    return [this.service, ...this.sockets];
  }

  /** Looks something up, once. */
  get<Value>(fact: Fact<Subject, Value>): Promise<Value> {
    return this.#facts.get(fact);
  }
}
