import { dirname } from "node:path";
import type { ForReader } from "../install-app/wanted-service.ts";

/** The address of localhost, or any address of the machine. */
const unnamed = /^(?:127\.0\.0\.1|\[::1?\]|0\.0\.0\.0|)(?=:\d+$)/;

/** Where Prometheus reaches the endpoint. Undefined for a unix socket, to which it can't connect. */
function targetOf(listen: string, host: string): string | undefined {
  if (/^[/@]/.test(listen)) return undefined;
  const address = /^\d+$/.test(listen) ? `:${listen}` : listen;
  // As in Debian's prometheus.yml, so that both jobs of a host have the same name for it.
  const name = /^(?:127\.0\.0\.1:|\[::1\])/.test(address) ? "localhost" : host;
  return address.replace(unnamed, name);
}

/** What to write into prometheus.yml, so that Prometheus scrapes the endpoint. */
export function scrapeConfig(listen: readonly string[], host: string): ForReader | undefined {
  const [target] = listen.flatMap((address) => targetOf(address, host) ?? []);
  if (target === undefined) return undefined;
  return {
    title: "Write into prometheus.yml:",
    lines: [
      "scrape_configs:",
      "  - job_name: sockact",
      "    static_configs:",
      `      - targets: ["${target}"]`,
    ],
    data: { scrape_configs: [{ job_name: "sockact", static_configs: [{ targets: [target] }] }] },
  };
}

/** How node_exporter finds the file. */
export function collectorFlag(file: string): ForReader {
  const flag = `--collector.textfile.directory=${dirname(file)}`;
  return { title: "node_exporter needs this flag:", lines: [flag], data: { node_exporter: [flag] } };
}
