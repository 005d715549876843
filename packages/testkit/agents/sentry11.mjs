// node --import ./sentry11.mjs app.mjs, and app.cjs: Sentry 11 no longer supports --require.
import * as Sentry from "sentry11";
import { init } from "./sentry-options.cjs";

init(Sentry, { traceLifecycle: "static" });
