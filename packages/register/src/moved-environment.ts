import process from "node:process";

/** The variables of the service manager. An app that replaces process.env has no reason to leave them out. */
const OF_MANAGER = /^(?:LISTEN|NOTIFY|WATCHDOG)_/;

/**
 * If the app has assigned another object to process.env, moves the variables of the service manager into it.
 */
export function followEnvironment(initial: NodeJS.ProcessEnv): void {
  if (process.env === initial) return;
  for (const name of Object.keys(initial).filter((each) => OF_MANAGER.test(each))) {
    process.env[name] ??= initial[name];
    delete initial[name];
  }
}
