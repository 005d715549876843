// node --require ./sentry10.cjs app.cjs
const Sentry = require("sentry10");
require("./sentry-options.cjs").init(Sentry);
