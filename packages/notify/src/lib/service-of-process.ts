import { readFileSync } from "node:fs";

interface Service {
  /** The unit name, with `.service`. */
  name: string;
  /** Whether a user manager runs it. */
  isOfUser: boolean;
}

/** The service of this process, from its cgroup. */
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
