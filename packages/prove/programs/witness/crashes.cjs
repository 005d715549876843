"use strict";
const { placesOfError, record } = require("./record.cjs");
const { before, wrap } = require("./wrap.cjs");

/** Node emits `uncaughtExceptionMonitor` without a listener, too. So the app has none more. */
function install() {
  wrap(
    process,
    "emit",
    before((_, [event, error, origin]) => {
      if (event !== "uncaughtExceptionMonitor") return;
      record("crash", {
        origin,
        name: String(error?.name ?? typeof error),
        code: typeof error?.code === "string" ? error.code : undefined,
        message: String(error?.message ?? error).slice(0, 1000),
        places: placesOfError(error),
      });
    }),
  );
}

module.exports = { install };
