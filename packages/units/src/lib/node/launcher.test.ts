import { describe, expect, it } from "vitest";
import { nodeCommand } from "./command-line.ts";
import { launcherOf } from "./launcher.ts";
import { isNodeName } from "./runtime.ts";

const app = "/usr/bin/node /srv/app/server.js";

function launcherOfLine(line: string): string | undefined {
  const words = line.split(" ");
  return launcherOf(words, isNodeName(words[0]!.replace(/.*\//, "")) ? nodeCommand(words) : undefined);
}

describe("a program that starts the app", () => {
  // What counts is LISTEN_PID. All of these leave the descriptors open, but the app has another process ID,
  // or another machine, session or container.
  it.each([
    [`/usr/bin/timeout 60 ${app}`, "timeout"],
    [`/usr/bin/timeout --foreground 60 ${app}`, "timeout"],
    [`/usr/bin/flock /run/lock/app ${app}`, "flock"],
    // -o closes only the file of the lock.
    [`/usr/bin/flock -o /run/lock/app ${app}`, "flock"],
    [`/usr/bin/xvfb-run -a ${app}`, "xvfb-run"],
    [`/usr/bin/script -qc /srv/app/start /dev/null`, "script"],
    [`/usr/bin/tini -- ${app}`, "tini"],
    [`/usr/bin/dumb-init ${app}`, "dumb-init"],
    [`/usr/bin/strace -f -o /tmp/trace ${app}`, "strace"],
    [`/usr/bin/unshare --fork --pid ${app}`, "unshare"],
    // systemd makes the service the leader of a session, and then setsid needs a child.
    [`/usr/bin/setsid ${app}`, "setsid"],
    ["/usr/bin/supervisord -n", "supervisord"],
    [`/usr/bin/tmux new-session -d ${app}`, "tmux"],
    [`/usr/bin/screen -DmS app ${app}`, "screen"],
    [`/usr/bin/systemd-run --wait ${app}`, "systemd-run"],
    [`/usr/sbin/start-stop-daemon --start --background --exec ${app}`, "start-stop-daemon"],
    ["/usr/bin/docker run --rm app", "docker"],
    ["/usr/bin/docker-compose up", "docker-compose"],
    ["/usr/local/bin/bun run start", "bun"],
    ["/usr/local/bin/deno task start", "deno"],
    ["/usr/bin/node /srv/app/node_modules/turbo/bin/turbo run start", "turbo"],
    ["/srv/app/node_modules/.bin/nx serve app", "nx"],
    ["/usr/bin/node /srv/app/node_modules/lerna/dist/cli.js run start", "lerna"],
    ["/usr/bin/node /srv/app/node_modules/@nestjs/cli/bin/nest.js start", "nest"],
    ["/usr/local/bin/uv run gunicorn app:app", "uv"],
    ["/usr/local/go/bin/go run .", "go"],
  ])("gives it no sockets: %s", (line, name) => {
    expect(launcherOfLine(line)).toBe(name);
  });

  // These call execve(2) in the process that systemd has started, so the app has its ID.
  it.each([
    app,
    `/usr/bin/flock --no-fork /run/lock/app ${app}`,
    `/usr/bin/flock -nF /run/lock/app ${app}`,
    `/usr/bin/strace -D -o /tmp/trace ${app}`,
    `/usr/bin/unshare -m ${app}`,
    `/usr/sbin/start-stop-daemon --start --exec ${app}`,
    // It writes the ID of its child into LISTEN_PID, or becomes the app.
    `/usr/bin/catatonit -- ${app}`,
    `/usr/bin/nice -n 5 ${app}`,
    `/usr/bin/ionice -c 3 ${app}`,
    `/usr/bin/chrt -o 0 ${app}`,
    `/usr/bin/taskset 1 ${app}`,
    `/usr/bin/prlimit --nofile=1000 ${app}`,
    `/usr/bin/setpriv --no-new-privs ${app}`,
    `/usr/bin/stdbuf -oL ${app}`,
    `/usr/bin/nohup ${app}`,
    "/usr/local/bin/bun run ./server.ts",
    "/usr/local/bin/deno run -A server.ts",
    "/usr/bin/node /srv/app/node_modules/@nestjs/cli/bin/nest.js build",
  ])("becomes the app: %s", (line) => {
    expect(launcherOfLine(line)).toBeUndefined();
  });
});
