import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { PackedPackages } from "@sockact/testkit";
import type { Machine } from "./machine.ts";

const app = fileURLToPath(new URL("app", import.meta.url));
const needed = ["@sockact/express", "express", "sockact", "ws"];

/** What is wrong with a version: it ends at its start, says that it is not healthy, or ends at its start with another Node. */
export type Fault = "crash" | "unhealthy" | "native";

/** The releases of the app, in the office: the app with its packages, and the number of its version. */
export class Releases {
  readonly #office: Machine;
  readonly #packed: PackedPackages;
  #latest = 0;

  constructor(office: Machine, packed: PackedPackages) {
    this.#office = office;
    this.#packed = packed;
  }

  /** Makes the next version, and returns it. */
  async make(fault?: Fault, { packages = [], edit = "" }: Changes = {}): Promise<Release> {
    const version = String(++this.#latest);
    if (version === "1") this.#makeFirst();
    const folder = `/srv/releases/${version}`;
    await this.#office.run(`cp -al /srv/packages ${folder}`);
    const target = this.#office.systemd.hostPath(folder);
    cpSync(app, target, { recursive: true });
    writeFileSync(`${target}/version.json`, JSON.stringify({ version, fault }));
    this.#packed.install(target, packages);
    if (edit !== "") await this.#office.run(`cd ${folder}\n${edit}`);
    return { version, folder };
  }

  #makeFirst(): void {
    const packages = this.#office.systemd.hostPath("/srv/packages");
    mkdirSync(packages);
    mkdirSync(this.#office.systemd.hostPath("/srv/releases"));
    this.#packed.install(packages, needed);
  }
}

/** What is different in a version. */
interface Changes {
  /** Further packages. */
  packages?: readonly string[];
  /** A shell script, which runs in the folder of the version. */
  edit?: string;
}

export interface Release {
  version: string;
  /** The folder in the office. */
  folder: string;
}
