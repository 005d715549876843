// Apps that do not start.
import { express, isReady, node, type Scenario, type Scenarios } from "./scenario.ts";

const nvm = "/home/shop/.nvm/versions/node/v20.19.0/bin/node";
const runs = (command: string): string => `ExecStart=\nExecStart=${command}`;

/** A certificate that was valid for a month of 2020. */
const expired = `-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUbfMiAHCVnzktnbF5VHgRf+IL+oMwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEc2hvcDAeFw0yMDAxMDEwMDAwMDBaFw0yMDAyMDEwMDAwMDBa
MA8xDTALBgNVBAMMBHNob3AwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQdE2HF
qgu/BRCFNSE0hqsZfjnZKXkjMgHKZRfDn9SQYMRkxI/J3/zD7uALH4FIJGs1DADu
j4sXV4AZoGrJMmW3o1MwUTAdBgNVHQ4EFgQUcsPeJ4OjlvkcHd4hGkYs+MaL9Bkw
HwYDVR0jBBgwFoAUcsPeJ4OjlvkcHd4hGkYs+MaL9BkwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEAjKpaF7bfKfAMhUC2aS/BqF4B6Sh/E8RnSdt/
pb9N9xkCIFoUq8QOatIfUiomMgMJxfeT4oWEvvj+mEAmiazczC9V
-----END CERTIFICATE-----
`;

/** Has Node, or something like it, in places where a service can't use it. */
export const startFiles: Readonly<Record<string, string>> = {
  [nvm]: "#!/bin/sh\n",
  "/srv/alpine/node": "#!/lib/ld-musl-x86_64.so.1\n",
  "/srv/alien/node": "no program",
  "/srv/old-node/node": "#!/bin/sh\necho v18.20.8\n",
  "/srv/runs-bun/bun": "#!/bin/sh\n",
};

const unreachable = (message: RegExp, evidence: RegExp, copy: string[] = []): Scenario["finds"] => [
  { code: "program-unreachable", severity: "error", message, evidence, copy },
];

export const starts: Scenarios = {
  healthy: { until: isReady, finds: [] },
  nvm: {
    service: runs(`${nvm} /srv/nvm/server.mjs`),
    finds: unreachable(/^\/home\/shop\/\.nvm\S+ exists, but ProtectHome=yes hides it/, /203\/EXEC/, [
      `cp ${nvm} /usr/local/bin/node`,
    ]),
  },
  removed: {
    service: `ProtectHome=tmpfs\nBindReadOnlyPaths=/home/shop/.nvm/v1/node\n${runs("/home/shop/.nvm/v1/node /srv/nvm/server.mjs")}`,
    finds: unreachable(
      /^\/home\/shop\/\.nvm\/v1\/node does not exist: there is no \/home\/shop\/\.nvm\/v1\.$/,
      /226\/NAMESPACE/,
    ),
  },
  nowhere: {
    service: runs("/usr/bin/nonode server.mjs"),
    finds: unreachable(/^\/usr\/bin\/nonode does not exist\.$/, /203\/EXEC/),
  },
  alpine: {
    service: runs("/srv/alpine/node server.mjs"),
    finds: unreachable(/needs \/lib\/ld-musl-x86_64\.so\.1.* Alpine Linux\.$/, /203\/EXEC/),
  },
  alien: {
    service: runs("/srv/alien/node server.mjs"),
    finds: unreachable(/This machine can't run \/srv\/alien\/node: /, /203\/EXEC/),
  },
  "old-node": {
    service: runs("/srv/old-node/node server.mjs"),
    finds: [
      {
        code: "node-old",
        severity: "error",
        evidence: /^v18\.20\.8$/m,
        copy: ["systemctl edit --full old-node.service"],
      },
    ],
  },
  "runs-bun": {
    service: runs("/srv/runs-bun/bun server.mjs"),
    finds: [
      {
        code: "runtime-bun",
        severity: "error",
        evidence: /^\/srv\/runs-bun\/bun$/m,
        copy: ["systemctl edit --full runs-bun.service"],
      },
    ],
  },
  moved: {
    service: "ProtectHome=tmpfs\nBindReadOnlyPaths=/home/shop/moved",
    finds: [
      {
        code: "start-step-failed",
        message: /there is no \/home\/shop\/moved, which BindReadOnlyPaths= .* names\.$/,
        evidence: /226\/NAMESPACE/,
      },
    ],
  },
  sandbox: {
    service: "ReadWritePaths=/srv/none",
    finds: [
      {
        code: "start-step-failed",
        message: /there is no \/srv\/none\.$/,
        evidence: /226\/NAMESPACE/,
      },
    ],
  },
  before: {
    service: "ExecStartPre=/bin/false",
    finds: [
      {
        code: "start-step-failed",
        message: /^A command of ExecStartPre= of before\.service exited with 1, so/,
        evidence: /Control process exited, code=exited, status=1/,
      },
    ],
  },
  away: {
    service: "EnvironmentFile=/srv/away/shop/.env",
    finds: [
      {
        code: "environment-file-missing",
        message: /names \/srv\/away\/shop\/\.env, which does not exist: there is no \/srv\/away\/shop\.$/,
        evidence: /Failed to load environment files/,
      },
    ],
  },
  credential: {
    service: "LoadCredential=tls.key:/etc/nowhere.key",
    finds: [
      {
        code: "start-step-failed",
        message: "LoadCredential= names /etc/nowhere.key, which does not exist.",
        evidence: /status=243\/CREDENTIALS/,
      },
    ],
  },
  variables: {
    service: "EnvironmentFile=/etc/nowhere.env",
    finds: [
      {
        code: "environment-file-missing",
        message: /^EnvironmentFile= names \/etc\/nowhere\.env, which does not exist/,
        evidence: /\nEnvironmentFile=\/etc\/nowhere\.env/,
        copy: ["install -m 600 /dev/null /etc/nowhere.env"],
      },
    ],
  },
  folder: {
    service: "WorkingDirectory=/srv/none",
    finds: [
      {
        code: "folder-unreachable",
        message: /^\/srv\/none does not exist\.$/,
        evidence: /200\/CHDIR[^]*\nWorkingDirectory=\/srv\/none/,
      },
    ],
  },
  account: {
    service: "DynamicUser=no\nUser=nosuch",
    finds: [
      {
        code: "user-missing",
        message: "The user nosuch does not exist.",
        evidence: /217\/USER[^]*\nUser=nosuch/,
        copy: ["useradd --system --shell /usr/sbin/nologin nosuch"],
      },
    ],
  },
  group: {
    service: "SupplementaryGroups=nosuch",
    finds: [
      {
        code: "user-missing",
        message: "The group nosuch does not exist.",
        evidence: /216\/GROUP[^]*\nSupplementaryGroups=nosuch/,
      },
    ],
  },
  home: {
    service: runs(`${node} /home/open/shop/server.mjs`),
    files: { "/home/open/shop/server.mjs": "" },
    finds: [
      {
        code: "app-unreachable",
        message: /^\/home\/open\/shop\/server\.mjs exists, but ProtectHome=yes hides it/,
        evidence: /\/home\/open\/shop\/server\.mjs'/,
      },
    ],
  },
  closed: {
    service: runs(`${node} /srv/private/shop/server.mjs`),
    files: { "/srv/private/shop/server.mjs": "" },
    finds: [
      {
        code: "app-unreachable",
        message: /can't get to it: \/srv\/private has mode 700\.$/,
        evidence: /\/srv\/private\/shop\/server\.mjs'/,
        copy: ["chmod o+x /srv/private"],
      },
    ],
  },
  gone: {
    service: runs(`${node} /srv/gone/nowhere.mjs`),
    finds: [
      {
        code: "module-missing",
        message: "There is no /srv/gone/nowhere.mjs.",
        evidence: /Cannot find module '\/srv\/gone\/nowhere\.mjs'/,
      },
    ],
  },
  package: {
    app: 'import "no-such-package";',
    files: { "/srv/package/package.json": "{}" },
    finds: [
      {
        code: "module-missing",
        message: "The package no-such-package is not installed in /srv/package.",
        evidence: /Cannot find package 'no-such-package'/,
        copy: ["cd /srv/package && npm ci --omit=dev"],
      },
    ],
  },
  extension: {
    app: 'import "./lib/routes";',
    files: { "/srv/extension/lib/routes.js": "" },
    finds: [
      {
        code: "module-missing",
        message: "There is no /srv/extension/lib/routes, which /srv/extension/server.mjs imports.",
        evidence: /Cannot find module/,
        fix: "/srv/extension/lib/routes.js exists",
      },
    ],
  },
  relative: {
    service: `${runs(`${node} server.mjs`)}\nWorkingDirectory=`,
    without: /^WorkingDirectory=.*\n/gm,
    until: /Cannot find module/,
    finds: [{ code: "module-missing", copy: ["  WorkingDirectory=/the/folder/of/your/app"] }],
  },
  options: {
    description: { environment: { NODE_OPTIONS: "--no-such-option" } },
    finds: [
      {
        code: "node-options-refused",
        message: /--no-such-option in NODE_OPTIONS/,
        evidence: /--no-such-option is not allowed in NODE_OPTIONS\n.*status=9/,
      },
    ],
  },
  option: {
    service: runs(`${node} --no-such-option server.mjs`),
    finds: [
      {
        code: "node-options-refused",
        message: /--no-such-option.* ExecStart=/,
        evidence: /bad option: --no-such-option\n.*status=9/,
      },
    ],
  },
  crash: {
    app: 'function start() { throw new TypeError("no database"); }\nstart();',
    loops: true,
    // As on a machine whose clock was wrong.
    after: (systemd) => systemd.mustRun(["touch", "-d", "tomorrow", "/etc/systemd/system/crash.service"]),
    finds: [
      {
        code: "app-crashed",
        severity: "error",
        unit: "crash.service",
        message: /an uncaught error\.$/,
        evidence: /^TypeError: no database\n +at start \(file:\/\/\/srv\/crash\/server\.mjs:4:/,
      },
    ],
  },
  syntax: {
    app: "const = 3;",
    finds: [
      {
        code: "app-crashed",
        message: /can't read the app\. Unexpected token '='\.$/,
        evidence: /^file:\/\/\/srv\/syntax\/server\.mjs:4\nSyntaxError: /,
      },
    ],
  },
  status: {
    app: 'console.error("\\u001B[31mcan\'t find\\u0007 the database"); process.exit(7);',
    finds: [
      {
        code: "app-crashed",
        message: /has ended with exit status 7\.$/,
        evidence: /^can't find the database\n.*status=7/,
      },
    ],
  },
  hint: {
    listens: "await listen(server, { idleTimeout: 30 + '' });",
    finds: [
      {
        code: "app-crashed",
        message: /: SOCKACT_ERR_OPTION\.$/,
        evidence:
          /^sockact: fatal: SOCKACT_ERR_OPTION: .*idleTimeout.* At \/srv\/hint\/server\.mjs:\d+:\d+\.$/,
        fix: "sockact explain SOCKACT_ERR_OPTION",
      },
    ],
  },
  sveltekit: {
    // What adapter-node throws. bench/test/sveltekit.test.ts runs the real one.
    app: "throw new Error(`only one socket is allowed for socket activation, but LISTEN_FDS was set to 2`);",
    finds: [
      { code: "app-crashed", message: /SvelteKit takes one descriptor/, fix: "type: 'exec' and no preload" },
    ],
  },
  parentheses: {
    text: express("app.use(systemdListen); app.listen(3009);"),
    until: /SOCKACT_ERR_OPTION/,
    finds: [{ code: "app-crashed" }],
  },
  expired: {
    files: { "/etc/expired.pem": expired },
    service: "LoadCredential=tls.pem:/etc/expired.pem",
    until: isReady,
    finds: [
      {
        code: "certificate-expired",
        severity: "error",
        message: /^The certificate in \/etc\/expired\.pem expired \d+ d ago\.$/,
        evidence: /valid until 2020-02-01T00:00:00\.000Z/,
        copy: ["certbot renew", /sockact restart expired$/],
      },
    ],
  },
};
