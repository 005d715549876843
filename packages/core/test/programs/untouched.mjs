// Prints what sockact has left unchanged in the process: node untouched.mjs MODE.
import { createServer } from "node:http";
import net from "node:net";
import process from "node:process";
import { prepareApp, rememberRequestListeners } from "@sockact/core/adapter";
import { dropped } from "@sockact/testkit/dropped-apps";

// An adapter does this when it is imported.
rememberRequestListeners();

const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const makeApp = () => (_request, response) => response.end("hello");
const attachApp = (app, options = {}) =>
  prepareApp(options).attach(app, { owns: (_server, listeners) => listeners.has(app) });
const listening = (server) => new Promise((resolve) => server.once("listening", resolve));

const modes = {
  async variables() {
    const seen = () => Object.keys(process.env).filter((name) => /^(NOTIFY|WATCHDOG)_/.test(name));
    const imported = seen();
    const app = makeApp();
    attachApp(app, { notify: false });
    const server = createServer(app).listen(0);
    await listening(server);
    server.close();
    return { imported, served: seen() };
  },
  async wrapped() {
    const { listen } = net.Server.prototype;
    const seen = [];
    net.Server.prototype.listen = function (...args) {
      seen.push(this === unrelated ? "unrelated" : "own");
      return listen.apply(this, args);
    };
    const app = makeApp();
    const unrelated = createServer();
    attachApp(app);
    for (const server of [unrelated, createServer(app)]) await listening(server.listen(0));
    return { seen };
  },
  async trust() {
    attachApp(makeApp(), { signals: true });
    let code;
    try {
      prepareApp({ ignoreListenPid: true });
    } catch (error) {
      ({ code } = error);
    }
    await listening(createServer().listen(0));
    return { code };
  },
  async dropped() {
    return dropped(() => {
      const app = makeApp();
      attachApp(app);
      return app;
    });
  },
};

say("outcome", await modes[process.argv[2]]());
process.exit();
