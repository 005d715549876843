import process from "node:process";

/** Variables of the service manager, which an app has no reason to leave out when it makes an environment of its own. */
const OF_MANAGER = /^(?:LISTEN|NOTIFY|WATCHDOG)_/;

/** Moves the variables of the service manager into the object that the app has assigned to process.env. */
export function followEnvironment(initial: NodeJS.ProcessEnv): void {
  if (process.env === initial) return;
  for (const name of Object.keys(initial).filter((each) => OF_MANAGER.test(each))) {
    process.env[name] ??= initial[name];
    delete initial[name];
  }
}
