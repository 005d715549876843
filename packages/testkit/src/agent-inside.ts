import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { DEADLINE } from "./app-process.ts";

/** A request to a server inside a private systemd. */
export interface PrivateRequest {
  /** The address. For a unix socket, any host works, such as `http://localhost/path`. */
  url: string;
  /** A unix socket to connect to, in the place of the host: a path, or `@name` for an abstract one. */
  socketPath?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** How long the whole answer may take, in milliseconds; 10,000 when left out. */
  timeout?: number;
}

/** The answer of the server. */
export interface PrivateResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** The output of a command, and its exit status. */
export interface CommandResult {
  stdout: string;
  stderr: string;
  /**
   * The exit status; 127 if there is no such program or folder, and for a signal 128 and its number, as a
   * shell has it.
   */
  code: number;
}

export interface CommandOptions {
  /** Written to standard input, which is empty otherwise. */
  input?: string;
  /** Added to an environment that holds PATH, HOME=/tmp and LANG=C.UTF-8, and nothing of the test's own. */
  env?: Record<string, string>;
  /** The folder to run in; `/` when left out. */
  cwd?: string;
  /**
   * How long it may run, in milliseconds, before it is killed and the promise rejected; `DEADLINE` when left
   * out.
   */
  timeout?: number;
}

/** The environment of a command inside. */
export const environmentInside = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: "/tmp",
  LANG: "C.UTF-8",
  ...more,
});

type Answer = { id: number; result: unknown } | { id: number; error: { code?: string; message: string } };
type Waiting = {
  resolve(result: unknown): void;
  reject(error: Error): void;
  what: string;
};

/**
 * Talks to a process inside the namespaces of a private systemd (agent-inside-program.mjs), which the first
 * call starts. A command that it starts takes less than half of the processor time of one that enters the
 * namespaces from a worker of vitest.
 */
export class AgentInside {
  readonly #start: () => ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #process: ChildProcess | undefined;
  #lastId = 0;

  constructor(start: () => ChildProcess) {
    this.#start = start;
  }

  /** Makes an HTTP request. If it gets no response, it rejects with the `code` of the system error. */
  request(request: PrivateRequest): Promise<PrivateResponse> {
    const what = `${request.method ?? "GET"} ${request.url}${request.socketPath ? ` at ${request.socketPath}` : ""}`;
    return this.#ask(what, { request: { timeout: DEADLINE, ...request } });
  }

  /** Runs a command, whatever its exit status. It is late if it was killed after its time. */
  run(
    command: readonly string[],
    { input = "", env, cwd = "/", timeout = DEADLINE }: CommandOptions,
  ): Promise<CommandResult & { isLate: boolean }> {
    return this.#ask(command.join(" "), {
      run: { command, input, env: environmentInside(env), cwd, timeout },
    });
  }

  #ask<Result>(what: string, question: object): Promise<Result> {
    this.#process ??= this.#startProcess();
    const id = ++this.#lastId;
    this.#process.stdin?.write(`${JSON.stringify({ ...question, id })}\n`);
    return new Promise((resolve, reject) =>
      this.#waiting.set(id, { resolve: (result) => resolve(result as Result), reject, what }),
    );
  }

  #startProcess(): ChildProcess {
    const agent = this.#start();
    let complaints = "";
    agent.stderr?.on("data", (chunk) => (complaints += chunk));
    // A write to an agent that has ended fails. The handler of `close` rejects what waits.
    agent.stdin?.on("error", () => {});
    if (agent.stdout)
      createInterface({ input: agent.stdout }).on("line", (line) => this.#settle(JSON.parse(line)));
    agent.on("error", (error) => (complaints += error.message));
    agent.on("close", () => {
      this.#process = undefined;
      for (const waiting of this.#waiting.values())
        waiting.reject(new Error(`${waiting.what}: the process inside ended. ${complaints}`.trim()));
      this.#waiting.clear();
    });
    return agent;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("result" in answer) waiting?.resolve(answer.result);
    else {
      const { code, message } = answer.error;
      waiting?.reject(Object.assign(new Error(`${waiting.what}: ${message}`), { code }));
    }
  }
}
