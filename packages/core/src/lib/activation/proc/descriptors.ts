import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Whether this descriptor is an epoll instance. systemd never passes one, and Node opens one first. */
export function isEpoll(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === "anon_inode:[eventpoll]";
  } catch {
    return false;
  }
}

/**
 * Whether this is certainly a unix socket. Since Linux 5.6, the kernel lists descriptors in transit only for
 * unix sockets.
 */
export function isUnix(fd: number): boolean {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").includes("\nscm_fds:");
  } catch {
    return false;
  }
}

/** Whether an event loop of this process watches this descriptor: proc_pid_fdinfo(5). */
export function isWatched(fd: number): boolean {
  const watches = new RegExp(`^tfd: +${fd} `, "m");
  try {
    return readdirSync("/proc/self/fd")
      .map(Number)
      .some(
        (candidate) =>
          isEpoll(candidate) && watches.test(readFileSync(`/proc/self/fdinfo/${candidate}`, "utf8")),
      );
  } catch {
    return false;
  }
}
