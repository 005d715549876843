// node --import ./sentry10.mjs app.mjs
import * as Sentry from "sentry10";
import { init } from "./sentry-options.cjs";

init(Sentry);
