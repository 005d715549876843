import { defineConfig } from "vitepress";
export default defineConfig({ title: "sockact", cleanUrls: true, ignoreDeadLinks: true, themeConfig: { search: { provider: "local" } } });
