import { Content, type Theme } from "vitepress";
import DefaultTheme, { VPHomeFeatures, VPHomeHero } from "vitepress/theme";
import { defineComponent, h } from "vue";
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

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("front", Front);
  },
} satisfies Theme;
