import { closeAll, type ListenAddress, rawSocket } from "./raw-sockets.ts";
import { type AppProcess, type SpawnOptions, startProcess } from "./app-process.ts";

/** How to start a program with sockets. */
export interface ActivationOptions extends SpawnOptions {
  /**
   * `FileDescriptorName=` of each socket. By default, LISTEN_FDNAMES is not set, and each name is `unknown`.
   */
  readonly names?: readonly string[] | undefined;
  /**
   * `--datagram`, or options of systemd-socket-activate(1) with `--accept`, which starts the program for each
   * connection. By default, it gets sockets for streams.
   */
  readonly how?: readonly string[] | undefined;
}

/**
 * Starts a program with sockets that listen at these addresses, as a service manager does: as 3, 4, … with
 * the variables of sd_listen_fds(3). Only the program has the sockets, so they close when it ends.
 */
export async function socketActivate(
  listen: readonly ListenAddress[],
  command: readonly string[],
  { how = [], ...options }: ActivationOptions = {},
): Promise<AppProcess> {
  if (how.includes("--accept")) return activateEachConnection(listen, command, { how, ...options });
  const type = how.includes("--datagram") ? "datagram" : "stream";
  const fds: number[] = [];
  try {
    for (const bound of listen)
      fds.push(rawSocket(familyOf(bound), type, { bound, listening: type === "stream" }));
    return startWithFds(fds, command, options);
  } finally {
    closeAll(fds);
  }
}

function familyOf(address: ListenAddress): "unix" | "ipv4" | "ipv6" {
  if (/^[/@]/.test(address)) return "unix";
  return address.startsWith("[") ? "ipv6" : "ipv4";
}

async function activateEachConnection(
  listen: readonly ListenAddress[],
  command: readonly string[],
  { names, env, how = [], ...options }: ActivationOptions,
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
  for (const _ of listen) await activator.line(/^Listening on /);
  return activator;
}

/** Starts a program with these descriptors as 3, 4, … and the variables of sd_listen_fds(3). */
export function startWithFds(
  fds: readonly number[],
  command: readonly string[],
  { names, env, ...options }: ActivationOptions = {},
): AppProcess {
  // The pid must be known before the program starts, so a shell sets the variable and then executes the
  // program.
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
