// Stands in for @sockact/core until it can hand over.
import { spawn } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import process from "node:process";

const names = (process.env.LISTEN_FDNAMES ?? "").split(":");
const fd = 3 + names.indexOf("notify");
const notify = (text) => writeSync(fd, text);
const log = (text) => console.error(`sockact: ${text}`);
const served = "Serving [::]:80";
const from = Number(process.env.STAND_IN_FROM ?? 0);
let pendingResult;

function result(text) {
  const path = process.env.SOCKACT_RELOAD_RESULT;
  if (!path) return;
  const attempt = () => {
    try {
      const file = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(file, `${text}\n`);
      closeSync(file);
      pendingResult = undefined;
    } catch {
      pendingResult = attempt;
    }
  };
  attempt();
}

export async function listen(server, { ready, onStop } = {}) {
  await new Promise((resolve) => server.listen({ fd: 3 }, resolve));
  log("listening on [::]:80");
  await ready?.();
  let open = 0;
  let gone;
  server.on("connection", (socket) => {
    open++;
    socket.on("close", () => {
      open--;
      if (open === 0) gone?.();
    });
  });
  if (from) {
    process.send("ready");
    await new Promise((resolve) => process.once("message", resolve));
    process.disconnect();
    notify(`STATUS=${served}; took over from process ${from}`);
    log(`ready, and took over from process ${from}`);
  } else {
    notify(`READY=1\nSTATUS=${served}`);
    log("ready, and the service manager was told");
  }
  let running = false;
  process.on("SIGTERM", async () => {
    await onStop?.();
    process.exit(0);
  });
  process.on("SIGHUP", () => {
    if (running) return;
    if (pendingResult) return void pendingResult();
    running = true;
    log("reloading");
    notify(
      `RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}\nSTATUS=Reloading: starting the new version`,
    );
    const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      stdio: ["ignore", "inherit", "inherit", 3, ...(fd > 4 ? [4] : []), fd, "ipc"],
      env: { ...process.env, STAND_IN_FROM: String(process.pid) },
    });
    const timer = setTimeout(
      () => {
        fail("ERR_HANDOVER_TIMEOUT", "the new version was not ready within 2 s. It was ended");
        child.kill("SIGKILL");
      },
      Number.parseInt(process.env.SOCKACT_HANDOVER_TIMEOUT ?? "60000", 10),
    );
    const fail = (code, message) => {
      clearTimeout(timer);
      if (!running) return;
      running = false;
      log(`${code}: ${message}. Read what the new version has printed`);
      log("the handover failed, and the old version serves on");
      notify(`READY=1\nSTATUS=${served}; the handover failed, and the old version serves on`);
      result(`${code}: ${message}`);
    };
    child.on("exit", (code, signal) =>
      fail("ERR_HANDOVER_EXITED", `the new version exited with ${signal ?? code} before it was ready`),
    );
    child.once("message", () => {
      clearTimeout(timer);
      child.removeAllListeners("exit");
      notify(`MAINPID=${child.pid}\nREADY=1`);
      result("ok");
      log(`handed over to process ${child.pid}`);
      server.close();
      server.closeIdleConnections();
      child.send("go");
      const end = async () => {
        log("drained");
        await onStop?.();
        process.exit(0);
      };
      log(`handover: draining, ${open} open connections`);
      if (open === 0) void end();
      else gone = end;
    });
  });
}
