import { onBeforeUnmount, onMounted, watch, type WatchSource } from "vue";
import { fromHash, toHash } from "./model/link.ts";
import type { BuilderState } from "./model/state.ts";

/**
 * The minimum time between two updates of the address, in milliseconds. Browsers allow about ten updates in a
 * second.
 */
const PAUSE = 150;

/**
 * Writes the state into the hash of the address, and restores it from there when the page is loaded and when
 * the hash changes. `restore` also gets the parts of the hash that match no field of the form.
 */
export function keepInHash(
  state: WatchSource<BuilderState> & (() => BuilderState),
  restore: (state: BuilderState, ignored: readonly string[]) => void,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let written = -Infinity;
  // The hash of a heading is not a state.
  const isState = (hash: string): boolean => hash === "" || hash.includes("=");

  function write(): void {
    clearTimeout(timer);
    timer = undefined;
    const hash = toHash(state());
    // The hash of a heading stays in the address until the form differs from the initial state.
    if (hash === location.hash || (hash === "" && !isState(location.hash))) return;
    written = performance.now();
    history.replaceState(history.state, "", hash || location.pathname + location.search);
  }
  function read(): void {
    if (!isState(location.hash)) return;
    clearTimeout(timer);
    timer = undefined;
    if (location.hash === toHash(state())) return;
    const { state: restored, ignored } = fromHash(location.hash);
    restore(restored, ignored);
  }
  function flush(): void {
    if (timer !== undefined) write();
  }

  onMounted(() => {
    if (location.hash !== "") read();
    addEventListener("hashchange", read);
    addEventListener("popstate", read);
    addEventListener("pagehide", flush);
    // The field loses the focus before a click on a link changes the address, and before the reader edits the
    // address.
    addEventListener("focusout", flush);
    watch(state, () => {
      timer ??= setTimeout(write, Math.max(0, written + PAUSE - performance.now()));
    });
  });
  onBeforeUnmount(() => {
    clearTimeout(timer);
    removeEventListener("hashchange", read);
    removeEventListener("popstate", read);
    removeEventListener("pagehide", flush);
    removeEventListener("focusout", flush);
  });
}
