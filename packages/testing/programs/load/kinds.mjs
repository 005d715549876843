// All kinds of load.
import * as browsers from "./browsers.mjs";
import * as busy from "./busy.mjs";
import * as download from "./download.mjs";
import * as hostile from "./hostile.mjs";
import * as idle from "./idle.mjs";
import * as thinking from "./thinking.mjs";
import * as upload from "./upload.mjs";
import * as webSockets from "./web-sockets.mjs";

const kinds = {
  browsers,
  busy,
  download,
  hostile,
  idle,
  thinking,
  upload,
  webSockets,
  together: { start: together },
};

export function startLoad(kind, options) {
  return kinds[kind].start(options);
}

/**
 * Several loads in one process.
 *
 * @param {{ loads: [kind: string, options: object][] }} options
 */
async function together({ loads }) {
  const running = await Promise.all(loads.map(([kind, options]) => startLoad(kind, options)));
  return {
    round: () => Promise.all(running.map((load) => load.round())),
    async stop() {
      return { results: await Promise.all(running.map((load) => load.stop())) };
    },
  };
}
