import type { PrivateSystemd } from "@sockact/testkit";

/** An example that runs. */
export interface RunningExample {
  /** What the terminals have shown, for all commands of the README so far. */
  readonly shown: string;
  /** Types more commands, into another terminal in the folder of the app. Resolves with what it shows, and fails if a command does. */
  type(commands: string): Promise<string>;
}

/** An example that runs as a service. */
export interface InstalledExample extends RunningExample {
  readonly systemd: PrivateSystemd;
}
