// The common parts of the apps and the preloads in the agents' contract.
const process = require("node:process");

/** Options for systemdListen(), so that it logs nothing. */
exports.options = { onEvent() {} };

/** The port on which the app listens when it is not activated. */
exports.port = Number(process.env.PORT ?? 0);

/** The answer of each app to `GET /hello`. */
exports.hello = () => ({ pid: process.pid });

/** Sends an event to the test, which waits for it. */
exports.say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

/** Sends the test a span or a transaction that an agent has recorded. */
exports.recorded = (name) => exports.say("recorded", { name });

/** @param layers how many functions are in the request path */
exports.start = (app, layers) => {
  const server = app.listen(exports.port, () =>
    exports.say("listening", { ...server.address(), layers: layers() }),
  );
};
