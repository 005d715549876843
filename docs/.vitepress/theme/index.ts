import { Content, inBrowser, type Theme } from "vitepress";
import DefaultTheme, { VPHomeFeatures, VPHomeHero } from "vitepress/theme";
import { defineComponent, h, onMounted } from "vue";
import { keepSearchKeys } from "./search-keys.ts";
import "./style.css";

/** The layout `home` of VitePress, in the `<main>` that it lacks. */
const Front = defineComponent(
  () => () =>
    h("main", { class: "VPHome front" }, [
      h(VPHomeHero),
      h("div", { class: "vp-doc container" }, [h(Content)]),
      h(VPHomeFeatures),
    ]),
);

/** Escapes the percent signs in a damaged hash. VitePress logs a warning if it cannot decode the hash. */
function repairHash(): void {
  try {
    decodeURIComponent(location.hash);
  } catch {
    history.replaceState(history.state, "", location.hash.replaceAll("%", "%25"));
  }
}

export default {
  extends: DefaultTheme,
  setup() {
    onMounted(keepSearchKeys);
  },
  enhanceApp({ app }) {
    app.component("front", Front);
    if (inBrowser) repairHash();
  },
} satisfies Theme;
