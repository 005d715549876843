/** A list whose members can be garbage-collected. */
export class WeakList<T extends object> {
  readonly #members = new Set<WeakRef<T>>();
  readonly #collected = new FinalizationRegistry<WeakRef<T>>((member) => this.#members.delete(member));

  add(member: T): void {
    const reference = new WeakRef(member);
    this.#members.add(reference);
    this.#collected.register(member, reference);
  }

  *[Symbol.iterator](): Generator<T> {
    for (const reference of this.#members) {
      const member = reference.deref();
      if (member !== undefined) yield member;
    }
  }
}
