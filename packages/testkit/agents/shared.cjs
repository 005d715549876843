// What the apps and the preloads of the agents' contract have in common.
const process = require("node:process");

/** Options for systemdListen(), so that it logs nothing. */
exports.options = { onEvent() {} };

/** Where the app listens when it is not activated. */
exports.port = Number(process.env.PORT ?? 0);

/** What each app answers to `GET /hello`. */
exports.hello = () => ({ pid: process.pid });

/** Tells the test, which waits for it. */
exports.say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

/** Tells the test of a span or a transaction that an agent has recorded. */
exports.recorded = (name) => exports.say("recorded", { name });

/** @param layers how many functions are in the request path */
exports.start = (app, layers) => {
  const server = app.listen(exports.port, () =>
    exports.say("listening", { ...server.address(), layers: layers() }),
  );
};
