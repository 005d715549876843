import process from "node:process";
import node from "@astrojs/node";
import { defineConfig } from "astro/config";

const mode = process.env.MODE ?? "standalone";

export default defineConfig({
  output: "server",
  adapter: node({ mode }),
  outDir: mode === "standalone" ? "dist/standalone" : "dist/dist",
});
