/** Something that is looked up once, and only if a diagnosis asks for it. */
export type Fact<Of, Value> = (of: Of) => Promise<Value>;

/** What has been looked up so far. */
export class Facts<Of> {
  readonly #of: Of;
  readonly #known = new Map<Fact<Of, unknown>, Promise<unknown>>();

  constructor(of: Of) {
    this.#of = of;
  }

  get<Value>(fact: Fact<Of, Value>): Promise<Value> {
    let value = this.#known.get(fact) as Promise<Value> | undefined;
    if (value === undefined) {
      value = fact(this.#of);
      this.#known.set(fact, value);
    }
    return value;
  }
}
