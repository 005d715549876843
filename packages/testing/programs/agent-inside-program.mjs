// Makes HTTP requests and runs commands in the namespaces of a private systemd. Reads one JSON request per
// line and writes one JSON answer per line. Plain JavaScript, because the tested Node may not support type
// stripping.
import { spawn } from "node:child_process";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import net from "node:net";
import { constants } from "node:os";
import process from "node:process";
import readline from "node:readline";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
/** How long the body of an answer may be, in bytes. */
const BODY_MAX = 64 * 2 ** 20;

/**
 * Connects to an abstract unix socket; systemd and ss write its address as `@name`. With `connect("\0name")`,
 * Node 20 pads the name with zeros to its maximum length. systemd does not, and is right.
 */
const connectAbstract = (name) => {
  const koffi = createRequire(import.meta.url)(process.env.KOFFI);
  const libc = koffi.load(null);
  const address = Buffer.alloc(2 + Buffer.byteLength(name));
  new Uint16Array(address.buffer, address.byteOffset, 1)[0] = AF_UNIX;
  address.write(name.replace("@", "\0"), 2);
  const fd = libc.func("int socket(int domain, int type, int protocol)")(AF_UNIX, SOCK_STREAM, 0);
  if (libc.func("int connect(int fd, void *address, uint32_t length)")(fd, address, address.length) !== 0) {
    throw Object.assign(new Error(`nothing listens on ${name}`), { code: "ECONNREFUSED" });
  }
  return new net.Socket({ fd });
};

/** Makes one request over a new connection. */
const perform = ({ url, socketPath, method, headers, body, timeout }) =>
  new Promise((resolve, reject) => {
    const { request } = url.startsWith("https:") ? https : http;
    const outgoing = request(url, {
      method,
      headers,
      ...(socketPath?.startsWith("@")
        ? // Node calls this only without an agent. Its default one counts too.
          { createConnection: () => connectAbstract(socketPath) }
        : { socketPath, agent: false }),
      // The tests make their own certificates.
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => {
      outgoing.destroy(Object.assign(new Error(`no answer in ${timeout} ms`), { code: "ETIMEDOUT" }));
    }, timeout);
    outgoing.on("close", () => clearTimeout(timer));
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const chunks = [];
      let size = 0;
      incoming.on("data", (chunk) => {
        size += chunk.length;
        if (size <= BODY_MAX) chunks.push(chunk);
        else
          incoming.destroy(Object.assign(new Error("the answer has more than 64 MiB"), { code: "EMSGSIZE" }));
      });
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({
          status: incoming.statusCode,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.end(body);
  });

/** Runs a command in its own process group, and collects its output. */
const run = ({ command: [program, ...args], env, cwd, input, timeout }) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { env, cwd, detached: true });
    const end = { stdout: "", stderr: "", isLate: false };
    for (const name of ["stdout", "stderr"])
      child[name].setEncoding("utf8").on("data", (chunk) => (end[name] += chunk));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const timer = setTimeout(() => {
      end.isLate = true;
      child.kill("SIGKILL");
    }, timeout);
    child.on("error", ({ message }) => (end.stderr += message));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      // If the process could not start, the status is libuv's error.
      const status = code ?? 128 + constants.signals[signal];
      resolve({ ...end, code: status < 0 ? 127 : status });
    });
  });

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const question = JSON.parse(line);
  const { id } = question;
  const answer = await (question.run ? run(question.run) : perform(question.request)).then(
    (result) => ({ id, result }),
    // If all addresses of a name fail, the error has a code but no message.
    ({ code, message }) => ({ id, error: { code, message: message || code } }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
