const { join } = require("node:path");
const { adapterContract } = require("@sockact/testing");

const app = (file) => join(__dirname, "../../../../examples/adapter/apps", file);
adapterContract(
  { describe, test, beforeAll, afterAll, beforeEach },
  {
    title: "Polka",
    framework: "polka",
    apps: { ESM: app("app.mjs"), CommonJS: app("app.cjs") },
    cluster: app("cluster.mjs"),
  },
);
