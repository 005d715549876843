import type { PrivateSystemd } from "@sockact/testkit";

/** A running example. */
export interface RunningExample {
  /** The output of the terminals for all commands of the README so far. */
  readonly shown: string;
  /** Runs more commands in another terminal, in the folder of the app. Resolves to the output. Rejects if a command fails. */
  type(commands: string): Promise<string>;
}

/** An example that is installed as a service. */
export interface InstalledExample extends RunningExample {
  readonly systemd: PrivateSystemd;
}
