import { expect, test } from "vitest";
import { scrapeConfig } from "./scrape-config.ts";

test.each([
  ["9464", "example.org:9464"],
  ["[::]:9464", "example.org:9464"],
  ["127.0.0.1:9464", "localhost:9464"],
  ["[::1]:9464", "localhost:9464"],
  ["127.0.0.2:9464", "127.0.0.2:9464"],
  ["127.0.0.10:9464", "127.0.0.10:9464"],
  ["10.0.0.5:9464", "10.0.0.5:9464"],
])("an endpoint at %s is scraped at %s", (listen, target) => {
  expect(scrapeConfig([listen], "example.org")?.data).toEqual({
    scrape_configs: [{ job_name: "sockact", static_configs: [{ targets: [target] }] }],
  });
});

test("Prometheus can't scrape a unix socket", () => {
  expect(scrapeConfig(["/run/metrics.sock"], "example.org")).toBeUndefined();
});
