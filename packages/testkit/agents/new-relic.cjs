// node --require ./new-relic.cjs app.cjs, and for an ES module --import newrelic/esm-loader.mjs before it. Not named newrelic.cjs:
// the agent would take it for its configuration.
const newrelic = require("newrelic");
const { recorded } = require("./shared.cjs");

// Absent in the thread of the loader hooks, which Node 20 preloads too.
newrelic.agent?.on("transactionFinished", ({ name }) => recorded(name));
