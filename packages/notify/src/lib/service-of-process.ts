import { readFileSync } from "node:fs";

/** A service that this process belongs to. */
interface Service {
  /** The name of its unit, with `.service`. */
  name: string;
  /** Whether a user manager runs it, and not that of the system. */
  isOfUser: boolean;
}

/** The service that this process belongs to, by its cgroup. */
export function serviceOfProcess(): Service | undefined {
  try {
    const cgroup = readFileSync("/proc/self/cgroup", "utf8");
    const services = [...cgroup.matchAll(/\/([^/\n]+\.service)(?=\/|$)/gm)].map(([, each]) => each as string);
    const name = services.pop();
    return name === undefined
      ? undefined
      : { name, isOfUser: services.some((each) => each.startsWith("user@")) };
  } catch {
    return undefined;
  }
}
