import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { socketActivate } from "../../../packages/testing/src/activated-process.ts";
import { freeAddress } from "../../../packages/testing/src/addresses.ts";
import { httpRequest } from "../../../packages/testing/src/http-request.ts";
import { type Snippet, snippetsOf } from "../blocks/snippets.ts";
import { nodeBinary } from "../node-binary.ts";
import { installCommand, nodeOptions, type PackageManager } from "./package-managers.ts";
import type { Registry } from "./registry.ts";
import { runProgram } from "./run-program.ts";

const fixtures = fileURLToPath(new URL("../../../packages/testkit/consumers", import.meta.url));

export interface ProjectOptions {
  folder: string;
  manager: PackageManager;
  /** The major version of the Node that runs the app. */
  node: string;
  registry: Registry;
  /** The copy of the repository, with the published READMEs. */
  copy: string;
}

/** A new folder of a user, who installs from the registry and runs the programs of the READMEs. */
export class Project {
  readonly #options: ProjectOptions;
  readonly #node: string;

  constructor(options: ProjectOptions) {
    this.#options = options;
    this.#node = nodeBinary(options.node);
    mkdirSync(options.folder, { recursive: true });
  }

  get folder(): string {
    return this.#options.folder;
  }

  async install(...packages: string[]): Promise<void> {
    const { manager, folder, registry } = this.#options;
    const project = { folder, node: this.#node, registry: registry.url };
    await this.run(...installCommand(manager, project, packages));
  }

  /** Runs a program in the project, with its Node first on the PATH. */
  run(...command: string[]): Promise<string> {
    const { folder, registry } = this.#options;
    const PATH = `${dirname(this.#node)}${delimiter}${process.env["PATH"]}`;
    return runProgram(command, { cwd: folder, env: { ...registry.env, PATH } });
  }

  /** Runs a program of the project with its Node. */
  runNode(...args: string[]): Promise<string> {
    return this.run(this.#node, ...nodeOptions(this.#options.manager), ...args);
  }

  /** The first program that the README of a package shows. */
  snippet(name: string, modules: "ES module" | "CommonJS"): Snippet {
    const readme = join(this.#options.copy, "packages", name, "README.md");
    const found = snippetsOf(readme)[modules === "CommonJS" ? 1 : 0];
    if (!found?.code) throw new Error(`${readme} has no such program as ${modules}.`);
    return found;
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), "utf8");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** Copies a file of packages/testkit/consumers into the project. */
  copy(fixture: string, file: string): void {
    cpSync(join(fixtures, fixture), join(this.folder, file));
  }

  /**
   * Runs an app under systemd-socket-activate, which starts it for a request, and stops it. The app must end
   * with status 0.
   *
   * @param options of Node
   */
  async serve(file: string, ...options: string[]): Promise<void> {
    const address = await freeAddress("tcp4");
    const command = [this.#node, ...nodeOptions(this.#options.manager), ...options, file];
    await using app = await socketActivate([address], command, { cwd: this.folder });
    try {
      const { status, body } = await httpRequest(address);
      if (status !== 200 || body !== "hello") throw new Error(`The answer was ${status}: ${body}`);
      app.kill("SIGTERM");
      const ended = await app.ended;
      if (ended !== 0) throw new Error(`The app ended with ${ended} after SIGTERM, and not with 0.`);
      if (/\[SOCKACT_/.test(app.stderr)) throw new Error("The app printed a warning of sockact.");
    } catch (error) {
      const output = `${app.stdout}${app.stderr}`.trim();
      throw new Error(
        `${command.join(" ")}\nin ${this.folder}, under systemd-socket-activate: ${(error as Error).message}\n${output}`,
        { cause: error },
      );
    }
  }
}
