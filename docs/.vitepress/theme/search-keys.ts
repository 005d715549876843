/**
 * Keeps what a reader types after the search was opened and before its code is loaded, and puts it into the
 * search box when the box appears. Call it when the page is mounted: VitePress must see each event first.
 */
export function keepSearchKeys(): void {
  /** What was typed so far, or `undefined` while nothing waits for the box. */
  let typed: string | undefined;

  function put(): void {
    const input = document.querySelector<HTMLInputElement>(".VPLocalSearchBox input");
    if (input === null) return;
    appearance.disconnect();
    if (typed) {
      input.value = typed;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    typed = undefined;
  }
  const appearance = new MutationObserver(put);

  function begin(): void {
    if (typed !== undefined || document.querySelector(".VPLocalSearchBox") !== null) return;
    typed = "";
    appearance.observe(document.body, { childList: true, subtree: true });
  }

  function end(): void {
    appearance.disconnect();
    typed = undefined;
  }

  addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest("#local-search button") !== null) begin();
  });
  addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (typed === undefined) {
      // VitePress prevents the default of the keys that open the search.
      if (event.defaultPrevented && (key === "/" || key.toLowerCase() === "k")) begin();
      return;
    }
    if (key === "Escape") end();
    if (ctrlKey || metaKey || altKey) return;
    if (key === "Backspace") typed = typed.slice(0, -1);
    else if (key.length === 1) typed += key;
    else return;
    // A space would scroll the page, and another click would be made on a button that has the focus.
    event.preventDefault();
  });
}
