import { createConnection, createServer, type Server, type Socket } from "node:net";

/**
 * A balancer of TCP connections in front of instances, as kube-proxy is one. The clients are some way away: all
 * that one side sends, and its end, arrives at the other side later.
 */
export class Balancer {
  /** The ports of the instances in rotation. */
  readonly ports: number[];
  /** The port of each connection to an instance that refused it. */
  readonly refused = new Set<number>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #latency: number;
  #turn = 0;

  private constructor(ports: readonly number[], latency: number) {
    this.ports = [...ports];
    this.#latency = latency;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#connect(client));
  }

  /** @param latency of one way, in milliseconds */
  static async start(ports: readonly number[], latency: number): Promise<Balancer> {
    const balancer = new Balancer(ports, latency);
    await new Promise<void>((resolve) => balancer.#server.listen(0, "127.0.0.1", resolve));
    return balancer;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  remove(port: number): void {
    const index = this.ports.indexOf(port);
    if (index >= 0) this.ports.splice(index, 1);
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #connect(client: Socket): void {
    const port = this.ports[this.#turn++ % this.ports.length];
    if (port === undefined) return void client.destroy();
    const name = client.remotePort as number;
    const instance = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
    instance.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNREFUSED") this.refused.add(name);
    });
    client.on("error", () => {});
    this.#pass(client, instance);
    this.#pass(instance, client);
  }

  /** Passes on what one side sends, and how it ends. */
  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    const later = (action: () => void): void => void setTimeout(action, this.#latency);
    from.setNoDelay(true);
    from.on("data", (data) => later(() => to.writable && to.write(data)));
    from.on("end", () => later(() => to.end()));
    from.on("close", (hadError) => {
      this.#sockets.delete(from);
      later(() => (hadError ? to.resetAndDestroy() : to.end()));
    });
  }
}
