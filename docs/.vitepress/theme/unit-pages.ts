import { type Component, defineAsyncComponent, hydrateOnIdle, type HydrationStrategy } from "vue";
import { initialState } from "./builder/model/state.ts";

/** Waits until the browser has shown the page, and has nothing else to do. */
const whenShown: HydrationStrategy = (hydrate, forEachElement) => {
  let stop: (() => void) | void;
  let isUnmounted = false;
  // The second frame begins after the first one was shown.
  const start = (): void =>
    void requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (!isUnmounted) stop = hydrateOnIdle()(hydrate, forEachElement);
      }),
    );
  if (document.readyState === "complete") start();
  else addEventListener("load", start, { once: true });
  return () => {
    isUnmounted = true;
    removeEventListener("load", start);
    stop?.();
  };
};

/**
 * A component whose script the browser loads after the page, so that a phone shows the text at once. The HTML
 * of the page has its content already, with disabled fields.
 */
const afterPage = (loader: () => Promise<{ default: Component }>): Component =>
  defineAsyncComponent({ loader, hydrate: whenShown });

/** Lets the browser handle other things, such as a touch. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

export const UnitBuilder: Component = afterPage(async () => {
  const { build } = await import("./builder/model/build.ts");
  await pause();
  // The first time takes much longer than each later one, and would block the page together with the rest.
  build(initialState);
  await pause();
  return import("./builder/UnitBuilder.vue");
});
export const CheckUnits: Component = afterPage(() => import("./check/CheckUnits.vue"));
