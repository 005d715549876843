// All sentences about what was tried. A code in backticks is Markdown.
//
// `{name}` stands for a value, from the app's code or from a figure. `{name:ms}` is a duration, `{name:bytes}` a
// size, `{name:times}` a ratio, and `{name:file|files}` a number with its noun. A string is used only if all its values
// are known. `{?name}` writes nothing, and the string is used only if the value is not 0.
import type { Figure } from "../figures.ts";
import type { CheckId } from "../report.ts";

/** What a check promises, and how its figures are written. */
export interface CheckWords {
  /** The promise, as a sentence. */
  readonly promise: string;
  /** The figures, each part on its own. */
  readonly figures: readonly string[];
}

export const CHECK_WORDS: Readonly<Record<CheckId, CheckWords>> = {
  start: {
    promise: "It starts soon, as a user without rights, and says when it is ready.",
    figures: ["ready after {start:ms}"],
  },
  answer: {
    promise: "Each request gets the expected status.",
    figures: [],
  },
  exposure: {
    promise: "Its sandbox is rated at least OK by `systemd-analyze security`.",
    figures: ["exposure {score} of 10"],
  },
  stop: {
    promise: "A stop ends it by itself and soon, after the responses that are under way.",
    figures: ["ended after {stop:ms}", "{?lost}{lost:request|requests} lost"],
  },
  restart: {
    promise: "Restarts under load lose no request, cut no connection, and no client waits after them.",
    figures: [
      "{lost} of {requests:request|requests} lost in {restarts:restart|restarts}",
      "{?resets}{resets:connection|connections} cut",
      "longest wait {longest:ms}",
    ],
  },
  reload: {
    promise: "Reloads or handovers under load lose no request, and cut no connection.",
    figures: [
      "{reloadLost} of {reloadRequests:request|requests} lost in {reloads:reload|reloads}",
      "{?reloadResets}{reloadResets:connection|connections} cut",
    ],
  },
  sleep: {
    promise: "It sleeps while nobody is connected, and the next connection wakes it.",
    figures: ["wakes in {wake:ms}", "{wakeRatio:times} its start"],
  },
  crash: {
    promise: "After `kill -9`, systemd starts it again, and its clients wait instead of failing.",
    figures: ["{crashLost:waiting request|waiting requests} lost", "answers again after {crashWait:ms}"],
  },
  watchdog: {
    promise: "If its event loop is blocked, systemd restarts it.",
    figures: ["restarted after {watchdog:ms}"],
  },
  sandbox: {
    promise: "It writes only to its folders, and the sandbox refuses nothing that it asks for.",
    figures: ["{writes:file|files} outside its folders", "{refused:call|calls} refused"],
  },
  leak: {
    promise: "After 100 cycles of connections, it holds no more descriptors and memory than before.",
    figures: ["{descriptors:descriptor|descriptors} more", "{heap:bytes} of memory more for each request"],
  },
  journal: {
    promise: "The journal keeps all lines that it writes.",
    figures: ["{lines:line|lines} each minute while nobody asks"],
  },
};

/** What each figure counts, for a budget and for a comparison. */
export const FIGURE_WORDS: Readonly<Record<Figure, string>> = {
  wake: "time to wake it",
  wakeRatio: "time to wake it, against its start",
  score: "exposure",
  requests: "requests during the restarts",
  lost: "lost requests",
  resets: "cut connections",
  longest: "longest wait during the restarts",
  waitRatio: "wait after a restart, against the usual wait and a start",
  restarts: "restarts",
  reloadRequests: "requests during the reloads",
  reloadLost: "lost requests during the reloads",
  reloadResets: "cut connections during the reloads",
  reloads: "reloads",
  start: "time to start it",
  stop: "time to stop it",
  crashLost: "lost requests at a crash",
  crashWait: "wait after a crash",
  watchdog: "time to restart it when it is blocked",
  writes: "writes outside its folders",
  refused: "refused calls",
  descriptors: "more descriptors after 100 cycles",
  heap: "more memory for each request",
  lines: "lines each minute",
};

/** Why a promise is absent, or could not be tried. */
export const REASON_WORDS: Readonly<Record<string, string>> = {
  noReload: "its unit has no `ExecReload=`, and no handover",
  noNotify: "its unit has no `Type=notify`, so systemd would not notice",
  noHttp: "it does not answer HTTP to a client of this machine",
  noStart: "the app does not start",
};
