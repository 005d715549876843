import process from "node:process";

/** The variables of the service manager. If a new process.env does not have them, that is not intended. */
const OF_MANAGER = /^(?:LISTEN|NOTIFY|WATCHDOG)_/;

/** If the app has replaced process.env, copies the variables of the service manager into the new object. */
export function followEnvironment(initial: NodeJS.ProcessEnv): void {
  if (process.env === initial) return;
  for (const name of Object.keys(initial).filter((each) => OF_MANAGER.test(each))) {
    process.env[name] ??= initial[name];
    delete initial[name];
  }
}
