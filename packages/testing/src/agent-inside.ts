import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { DEADLINE } from "./app-process.ts";

/** A request to a server inside a private systemd. */
export interface PrivateRequest {
  /** The address. For a unix socket, the host does not matter: `http://localhost/path`. */
  readonly url: string;
  /** A unix socket to connect to instead of the host: a path, or `@name` for an abstract one. */
  readonly socketPath?: string | undefined;
  /** The method. The default is `GET`. */
  readonly method?: string | undefined;
  /** Headers of its own; none by default. */
  readonly headers?: Record<string, string> | undefined;
  /** The body; none by default. */
  readonly body?: string | undefined;
  /** The maximum time for the whole answer, in milliseconds; 10,000 by default. */
  readonly timeout?: number | undefined;
}

/** The answer of the server. */
export interface PrivateResponse {
  /** The status code. */
  readonly status: number;
  /** The headers, with lower-case names. */
  readonly headers: Record<string, string | readonly string[] | undefined>;
  /** The whole body, as text. An answer with more than 64 MiB is an error with the code `EMSGSIZE`. */
  readonly body: string;
}

/** The output of a command, and its exit status. */
export interface CommandResult {
  /** Everything that it has written to standard output. */
  readonly stdout: string;
  /** Everything that it has written to standard error. */
  readonly stderr: string;
  /**
   * The exit status: 127 if there is no such program or folder, and 128 plus the number of a signal, as in a
   * shell.
   */
  readonly code: number;
}

/** How to run a command inside a private systemd. */
export interface CommandOptions {
  /** Written to standard input, which is empty by default. */
  readonly input?: string | undefined;
  /** Added to PATH, HOME=/tmp and LANG=C.UTF-8. The test's own environment is not passed. */
  readonly env?: Record<string, string> | undefined;
  /** The working directory; `/` by default. */
  readonly cwd?: string | undefined;
  /**
   * After this time, in milliseconds, the command is killed and the promise rejected; `DEADLINE` by default.
   */
  readonly timeout?: number | undefined;
}

/** The environment of a command inside. */
export const environmentInside = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: "/tmp",
  LANG: "C.UTF-8",
  ...more,
});

type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code?: string; readonly message: string } };
type Waiting = {
  resolve(result: unknown): void;
  reject(error: Error): void;
  readonly what: string;
};

/**
 * Talks to a process in the namespaces of a private systemd (agent-inside-program.mjs), which the first call
 * starts. Starting a command this way takes less than half of the processor time of entering the namespaces
 * from a worker of Vitest.
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

  /** Runs a command, whatever its exit status. `isLate`: it was killed after its time. */
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
    // Writing to an agent that has ended fails. The handler of `close` rejects the pending promises.
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
