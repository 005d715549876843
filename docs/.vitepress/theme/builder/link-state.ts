import { onBeforeUnmount, onMounted, watch, type WatchSource } from "vue";
import { fromHash, toHash } from "./model/link.ts";
import type { BuilderState } from "./model/state.ts";

/** The time without a change after which the address is updated, in milliseconds. Browsers limit updates to about three in a second. */
const PAUSE = 400;

/**
 * Writes the state into the hash of the address, and restores it from there when the page is loaded and when the hash changes. `restore` also gets the
 * parts of the hash that match no field of the form.
 */
export function keepInHash(
  state: WatchSource<BuilderState> & (() => BuilderState),
  restore: (state: BuilderState, ignored: readonly string[]) => void,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  // The hash of a heading is not a state.
  const isState = (hash: string): boolean => hash === "" || hash.includes("=");

  function write(): void {
    clearTimeout(timer);
    timer = undefined;
    const hash = toHash(state());
    if (hash !== location.hash && isState(location.hash))
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
    watch(state, () => {
      clearTimeout(timer);
      timer = setTimeout(write, PAUSE);
    });
  });
  onBeforeUnmount(() => {
    clearTimeout(timer);
    removeEventListener("hashchange", read);
    removeEventListener("popstate", read);
    removeEventListener("pagehide", flush);
  });
}
