// node --require ./new-relic.cjs app.cjs, and for an ES module --import newrelic/esm-loader.mjs before it. Not named newrelic.cjs, because
// the agent would read it as its configuration.
const newrelic = require("newrelic");
const { recorded } = require("./shared.cjs");

// It is absent in the thread of the loader hooks, where Node 20 loads this file too.
newrelic.agent?.on("transactionFinished", ({ name }) => recorded(name));
