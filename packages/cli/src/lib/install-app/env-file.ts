import { dirname, join, resolve } from "node:path";
import type { AppDescription } from "@sockact/units";
import { type DetectedApp, readsEnvFile } from "../app/detect-app.ts";
import { entryOf, isFile, sourceFiles } from "../app/source-files.ts";
import { environmentFilesIn } from "./file-notes.ts";
import type { InstallOptions } from "./options.ts";

/** A file `.env` that the app reads itself, and how to let systemd read it. */
export interface UnreadEnvFile {
  path: string;
  how: string;
}

/** The notes about the app, and about a file `.env` that its start script does not name. */
export function notesOf(app: DetectedApp, options: InstallOptions): string[] {
  const { notes, envFile, isEnvFileRead, environmentFiles, refusedEnvironmentFiles } = app;
  const named = [...environmentFiles, ...refusedEnvironmentFiles.map(({ path }) => path)];
  if (envFile === undefined || named.includes(envFile)) return notes;
  const isGiven = (options.environmentFile ?? []).some((file) => resolve(file) === envFile);
  // A later check shows whether the service can read the file.
  if (isGiven !== isEnvFileRead) return notes;
  return [
    ...notes,
    isGiven
      ? "systemd reads .env, and the app reads it too. dotenv may stay. Remove process.loadEnvFile() and --env-file: they fail if the service may not read the file."
      : "The app has a .env file, but does not read it itself. To use its variables: --environment-file .env",
  ];
}

/** The file `.env` in the folder of a config, if the app reads it itself and systemd does not. */
export function envFileOf(description: AppDescription, config: string): UnreadEnvFile | undefined {
  const { exec = [] } = description;
  const path = join(dirname(config), ".env");
  const entry = entryOf(exec);
  if (entry === undefined || !isFile(path) || environmentFilesIn(description).includes(path))
    return undefined;
  const words = exec.filter((word) => typeof word === "string");
  return !readsEnvFile(sourceFiles(entry), undefined, words)
    ? undefined
    : { path, how: 'environmentFile: "./.env"' };
}
