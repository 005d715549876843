// An app with a database: PostgreSQL from Debian, with a cluster like the one that the package creates.
import { describeWith } from "@sockact/testkit";
import { expect } from "vitest";
import { jsonIn } from "./lib/json-in.ts";
import { testExamples } from "./lib/test-examples.ts";

const folders = "/var/lib/postgresql /var/log/postgresql";
const create = `
  version=$(ls /usr/lib/postgresql | sort -V | tail -n 1)
  pg_createcluster $version main -- --no-sync >/dev/null`;

const service = "example-postgresql.service";

// Only root can create a cluster.
describeWith({ privateSystemd: true, tags: "campaign" }, "as root", () =>
  testExamples({
    postgresql: {
      commands: ["pg_createcluster", "runuser"],
      prepareAlone: `
      mount -t tmpfs tmpfs /run
      # Creating a cluster also writes a file for apt.
      for folder in /etc/postgresql /etc/apt/apt.conf.d ${folders}; do mount -t tmpfs tmpfs $folder; done
      install -d -o postgres -g postgres ${folders} /run/postgresql
      ${create}
      pg_ctlcluster --skip-systemctl-redirect $version main start`,
      alone: {
        "counts its visits, as the user who started it": ({ shown }) => {
          expect(jsonIn(shown)).toMatchObject([{ visit: 1, role: "root" }]);
        },
        "answers 503 without the database": async ({ type }) => {
          await type("pg_ctlcluster --skip-systemctl-redirect $(ls /etc/postgresql) main stop");
          expect(await type("curl -si http://localhost:3000/")).toMatch(
            /^HTTP\/1\.1 503 [^]*^Retry-After: 1$/m,
          );
        },
      },
      prepare: (systemd) =>
        systemd.mustRun([
          "sh",
          "-ec",
          // Generators do not run here. PostgreSQL's own one makes postgresql.service start each cluster.
          // useradd and userdel leave files behind. Create these files before the example runs.
          `rm -rf /etc/postgresql/*
        install -d -o postgres -g postgres ${folders}
        ${create}
        systemctl add-wants postgresql.service postgresql@$version-main.service
        systemctl start postgresql
        useradd --system example-postgresql
        userdel example-postgresql`,
        ]),
      service: {
        "counts its visits in the database, as the user of the service": ({ shown }) => {
          const visits = jsonIn(shown).filter((answer) => "visit" in answer);
          expect(visits).toHaveLength(3);
          expect(new Set(visits.map(({ role }) => role))).toEqual(new Set(["example-postgresql"]));
          const numbers = visits.map(({ visit }) => visit);
          expect(numbers).toEqual(numbers.toSorted((a, b) => Number(a) - Number(b)));
        },
        "answers 503 while the database is down, and keeps running": ({ shown }) => {
          expect(shown).toMatch(/^HTTP\/1\.1 503 [^]*^Retry-After: 1$/m);
          const [, before, after] = jsonIn(shown).filter((answer) => "visit" in answer);
          expect(after!["pid"]).toBe(before!["pid"]);
        },
        "may open only unix sockets": async ({ systemd }) => {
          expect(await systemd.show(service, "RestrictAddressFamilies")).toBe("AF_UNIX");
        },
        "may not delete visits": async ({ type }) => {
          const psql = "runuser -u example-postgresql -- psql example -c 'DELETE FROM visits'";
          await expect(type(psql)).rejects.toThrow("permission denied for table visits");
        },
        "is ready only after the database has answered": async ({ systemd }) => {
          await systemd.systemctl("stop", "postgresql@*");
          expect((await systemd.run(["systemctl", "restart", service])).code).not.toBe(0);
          await systemd.systemctl("start", "postgresql");
          await systemd.waitForUnit(service, "ActiveState", "active");
          expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200 });
        },
      },
    },
  }),
);
