// A cluster that forks a new worker for each worker that has ended, and reads commands from standard input. UNAWARE: its primary does not import sockact.
// LATE: the
// primary imports sockact too late. HELD: the primary forks again only on a command. HANGS: the onStop of a worker never ends, or blocks the event loop
// (`busy`).
// AWAKE: the primary calls keepAwake(), until the command `sleep`. EXIT_CODE: the exit code that a worker sets. ILL: the second worker is not healthy, or its event loop is blocked (`busy`).
import cluster from "node:cluster";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import process from "node:process";
import { untilGone } from "../../../testing/programs/until-gone.mjs";

const { env } = process;
const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const variables = () => Object.keys(env).filter((name) => /^(LISTEN_(PID|FD)|SOCKACT_CLUSTER)/.test(name));

if (cluster.isPrimary) {
  if (env.LATE) cluster.setupPrimary();
  const sockact = env.UNAWARE ? undefined : await import("@sockact/core");
  const release = env.AWAKE && sockact.keepAwake();
  if (env.POLICY) cluster.schedulingPolicy = cluster[env.POLICY];
  if (env.SETTINGS) cluster.setupPrimary(JSON.parse(env.SETTINGS));
  const fork = () => say("forked", { id: cluster.fork().id });
  const all = [];
  cluster.on("fork", (worker) => all.push(worker));
  const workers = () => Object.values(cluster.workers);
  cluster.on("listening", (worker, address) => say("listening", { worker: worker.id, address }));
  cluster.on("online", (worker) => worker.on("message", (message) => say("message", { message })));
  cluster.on("exit", (worker, code, signal) => {
    say("exit", { worker: worker.id, code, signal, planned: worker.exitedAfterDisconnect });
    if (!env.HELD) fork();
  });
  for (let count = 0; count < Number(env.WORKERS ?? 2); count++) fork();
  const commands = createInterface({ input: process.stdin });
  if (!env.HELD) process.stdin.unref?.();
  commands.on("line", (line) => {
    const [command, argument] = line.split(" ");
    const actions = {
      kill: () => workers().forEach((worker) => worker.process.kill("SIGKILL")),
      fork,
      // A worker that is about to end may not receive it.
      release: () => all.forEach((worker) => worker.isConnected() && worker.send("release", () => {})),
      disconnect: () => cluster.workers[argument].disconnect(),
      variables: () => say("variables", { variables: variables(), policy: cluster.schedulingPolicy }),
      sleep: () => release(),
      /** Something that happens after this time. */
      clock: () => setTimeout(say, Number(argument), "clock"),
      pids: () => say("pids", { pids: workers().map((worker) => worker.process.pid) }),
    };
    actions[command]();
  });
} else {
  const { activatedSockets, listen } = await import("@sockact/core");
  if (env.EXIT_CODE) process.exitCode = Number(env.EXIT_CODE);
  const held = [];
  process.on("message", (message) => {
    say("message", { message });
    for (const response of held) response.end("at last");
  });
  for (const options of [JSON.parse(env.LISTEN_OPTIONS ?? "{}")].flat()) {
    const server = createServer((req, res) => {
      if (req.url === "/held") {
        say("held", { worker: cluster.worker.id });
        held.push(res);
      } else
        res.end(
          JSON.stringify({
            worker: cluster.worker.id,
            encrypted: Boolean(req.socket.encrypted),
            name: options.name,
          }),
        );
    });
    try {
      const { activated } = await listen(server, {
        ...options,
        onListen: async () => {
          if (!env.NOT_READY) return;
          say("not ready");
          await untilGone(env.NOT_READY);
        },
        healthCheck() {
          if (env.ILL === "busy" && cluster.worker.id === 2) for (;;);
          return !env.ILL || cluster.worker.id !== 2;
        },
        onReload: async () => say("reloaded", { worker: cluster.worker.id }),
        onStop: async () => {
          say("stopped", { worker: cluster.worker.id });
          if (env.HANGS === "busy") for (;;);
          if (env.HANGS) await new Promise(() => {});
        },
      });
      say("up", {
        worker: cluster.worker.id,
        pid: process.pid,
        activated,
        address: server.address(),
        sockets: activatedSockets(),
        variables: variables(),
      });
    } catch (error) {
      say("refused", { code: error.code, message: error.message });
    }
  }
}
