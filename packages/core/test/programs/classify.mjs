// Prints the passed sockets, or the error. Then prints the result of a second call, and which variables are left.
import { activatedSockets, ActivationError } from "@sockact/core";

const ask = () => {
  try {
    return { sockets: activatedSockets() };
  } catch (error) {
    if (!(error instanceof ActivationError)) throw error;
    return {
      error: { name: error.name, code: error.code, message: error.message, hint: error.hint },
    };
  }
};
const before = process.cpuUsage();
const start = performance.now();
const first = ask();
const milliseconds = performance.now() - start;
const { user, system } = process.cpuUsage(before);
const cpu = (user + system) / 1000;
const variables = Object.keys(process.env).filter((name) => name.startsWith("LISTEN_"));
process.stdout.write(
  `${JSON.stringify({ event: "asked", ...first, again: ask(), variables, milliseconds, cpu })}\n`,
);
