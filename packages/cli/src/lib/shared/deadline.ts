/**
 * A signal that is aborted after a time, or with one of the others.
 *
 * Node 20 loses an `AbortSignal.timeout()` that only an `AbortSignal.any()` references, and it never fires.
 * The timer here references its controller.
 */
export function deadline(milliseconds: number, ...others: AbortSignal[]): AbortSignal {
  const over = new AbortController();
  const end = (): void => over.abort(new DOMException(`${milliseconds} ms are over`, "TimeoutError"));
  setTimeout(end, milliseconds).unref();
  return AbortSignal.any([...others, over.signal]);
}
