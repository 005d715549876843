import { type AppProcess, type SpawnOptions, startProcess } from "./app-process.ts";

export interface ActivationOptions extends SpawnOptions {
  /** `FileDescriptorName=` of each socket. By default, LISTEN_FDNAMES is not set, and each name is `unknown`. */
  names?: readonly string[];
}

/** The address of a socket, in the syntax of systemd-socket-activate(1): `127.0.0.1:8080`, `[::1]:8080`, `/run/app.sock`, `@abstract`. */
export type ListenAddress = string;

/**
 * Starts a program behind sockets of systemd-socket-activate(1), which runs it when the first connection comes in.
 *
 * @param how options of systemd-socket-activate, such as `--accept` or `--datagram`
 */
export async function socketActivate(
  listen: readonly ListenAddress[],
  command: readonly string[],
  { names, env, how = [], ...options }: ActivationOptions & { how?: readonly string[] } = {},
): Promise<AppProcess> {
  const passed = Object.entries(env ?? {}).map(([name, value]) => `--setenv=${name}=${value}`);
  const activator = startProcess(
    [
      "systemd-socket-activate",
      ...listen.map((address) => `--listen=${address}`),
      ...(names ? [`--fdname=${names.join(":")}`] : []),
      ...passed,
      ...how,
      "--",
      ...command,
    ],
    options,
  );
  for (const address of listen) {
    await activator.line(new RegExp(`^Listening on ${address.replaceAll(/[.[\]/]/g, "\\$&")} as `));
  }
  return activator;
}

/**
 * Starts a program at once, with these descriptors as 3, 4, … and the variables of sd_listen_fds(3). This is for descriptors that
 * systemd-socket-activate can't make.
 */
export function startWithFds(
  fds: readonly number[],
  command: readonly string[],
  { names, env, ...options }: ActivationOptions = {},
): AppProcess {
  // The pid must be known before the program starts, so a shell sets the variable and then becomes the program.
  return startProcess(["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", ...command], {
    ...options,
    fds,
    env: {
      LISTEN_FDS: String(fds.length),
      ...(names && { LISTEN_FDNAMES: names.join(":") }),
      ...env,
    },
  });
}
