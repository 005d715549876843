const { recorded } = require("./shared.cjs");

/** Prints each transaction, and sends nothing. */
exports.init = (Sentry, more = {}) =>
  Sentry.init({
    dsn: "http://key@127.0.0.1/1",
    tracesSampleRate: 1,
    sendClientReports: false,
    beforeSendTransaction({ transaction }) {
      recorded(transaction);
      return null;
    },
    ...more,
  });
