import type { Arm } from "./compare.ts";
import { type Kind, type LoadedServer, type Source, startActivated, startPlain } from "./loaded-servers.ts";

/** One of the servers that are compared. */
export interface LoadedArm extends Pick<Arm, "name" | "against"> {
  start(): Promise<LoadedServer>;
  /** The expectation: it costs nothing, or little, or it is slower than our server in the comparison. */
  goal?: "free" | "cheap" | "slower";
}

/** A server on its own port, and the same server with sockact on a passed socket. */
interface Pair {
  plain: string;
  ours: Record<string, Kind>;
}

const pairs = {
  node: {
    plain: "node:http",
    ours: { "@sockact/core": "core", "@sockact/core, handover: true": "handover" },
  },
  tls: { plain: "node:https", ours: { "@sockact/core, tls": "tls" } },
  cluster: { plain: "node:cluster, two workers", ours: { "@sockact/core, two workers": "cluster" } },
  express: { plain: "Express", ours: { "@sockact/express": "express" } },
  koa: { plain: "Koa", ours: { "@sockact/koa": "koa" } },
  fastify: { plain: "Fastify", ours: { "@sockact/fastify": "fastify" } },
} satisfies Partial<Record<Kind, Pair>>;

export type PairName = keyof typeof pairs;

/** Servers without sockact and with it. */
export function pairedArms(names: readonly PairName[], source: Source): LoadedArm[] {
  return names.flatMap((kind): LoadedArm[] => {
    const { plain, ours } = pairs[kind];
    return [
      { name: plain, against: plain, start: () => startPlain(kind, source) },
      // It differs from the first one only by chance.
      { name: `${plain}, once more`, against: plain, start: () => startPlain(kind, source) },
      ...Object.entries<Kind>(ours).map(([name, activated]): LoadedArm => ({
        name,
        against: plain,
        start: () => startActivated(activated, source),
        goal: "free",
      })),
    ];
  });
}

/** Bare Node on a passed socket. */
export function bareNode(source: Source): LoadedArm {
  const { plain } = pairs.node;
  return { name: "node:http, fd: 3", against: plain, start: () => startActivated("node", source) };
}

/** A server with three passed sockets, which share the load. */
export function threeSockets(source: Source): LoadedArm {
  return {
    name: "@sockact/core, three sockets",
    against: pairs.node.plain,
    start: () => startActivated("core", source, 3),
    goal: "free",
  };
}

/** Servers with sockact, and with the sockact of another checkout. */
export function armsOfTwoCheckouts(names: readonly PairName[], source: Source, other: Source): LoadedArm[] {
  return names.flatMap((pair) =>
    Object.entries<Kind>(pairs[pair].ours).flatMap(([name, kind]): LoadedArm[] => {
      const against = `${name} of ${other.checkout}`;
      return [
        { name: against, against, start: () => startActivated(kind, other) },
        { name, against, start: () => startActivated(kind, source) },
      ];
    }),
  );
}
