/** A question in the words of the one who asked, each page that answers it, and where it was asked. */
export type Question = readonly [question: string, pages: readonly string[], asked: string];

const github = (thread: string): string => `https://github.com/${thread.replace("#", "/issues/")}`;

/** Questions from the issues of Node, process managers, frameworks and systemd, and from forums. */
export const questions: readonly Question[] = [
  // Ports.
  ["Unable to listen on port 80", ["start", "ports", "troubleshooting"], github("nodejs/node#42669")],
  ["listen EACCES: permission denied 0.0.0.0:80", ["ports", "troubleshooting"], github("nodejs/help#3626")],
  ["sudo npm start is not enough to listen on port 80", ["ports", "start"], github("npm/cli#2027")],
  [
    "listen on standard port 80 and 443 without starting as root",
    ["ports", "start"],
    github("envoyproxy/envoy#3596"),
  ],
  ["port already in use when reloading", ["troubleshooting", "codes/port-taken"], github("Unitech/pm2#3996")],
  [
    "Support listening on a file descriptor",
    ["how-it-works", "frameworks/http", "protocol"],
    github("Trustroots/trustroots#1286"),
  ],
  [
    "How to host multiple Node.js apps on the same server port",
    ["several-apps"],
    "https://grok.readwritetools.com/tws-005-nodejs-sni-virtual-hosting",
  ],
  ["systemd-socket-proxyd", ["ports", "comparison", "units"], github("coder/code-server#7939")],

  // Certificates, proxies and load balancers.
  [
    "Reload certificate files of https.createServer() without restarting node server",
    ["tls"],
    github("nodejs/node#15115"),
  ],
  ["hot update the certificate and private key of the HTTPS server", ["tls"], github("nodejs/help#2859")],
  [
    "letsencrypt: fully-automatic certificate renewal",
    ["first-certificate", "tls"],
    github("nodejs/node#10349"),
  ],
  [
    "remix: Https certificate on server",
    ["first-certificate", "tls", "apps"],
    github("vendurehq/storefront-remix-starter#48"),
  ],
  ["Proxy Protocol native support", ["proxy-protocol"], github("nodejs/node#17126")],
  [
    "AWS network load balancer: preserve source IP address",
    ["proxy-protocol"],
    github("kubernetes/ingress-nginx#3857"),
  ],
  [
    "Using with cloudflare",
    ["proxy-protocol", "coming-from/nginx", "several-apps"],
    github("express-rate-limit/express-rate-limit#238"),
  ],
  [
    "express trust proxy",
    ["coming-from/nginx", "frameworks/express", "several-apps"],
    github("xizhibei/blog#3"),
  ],
  [
    "nginx 502 connect() to unix socket failed (13: Permission denied)",
    ["coming-from/nginx", "troubleshooting"],
    "https://oneuptime.com/blog/post/2025-12-16-fix-permission-denied-upstream-nginx/view",
  ],
  ["Return 503 from the health check during shutdown", ["health"], github("nestjs/terminus#2674")],

  // Restarts and deploys.
  [
    "zero downtime reload doesn't work",
    ["rolling-restart", "coming-from/pm2", "handover"],
    github("Unitech/pm2#2942"),
  ],
  [
    "pm2 reload causing connection timeout and downtime",
    ["coming-from/pm2", "rolling-restart"],
    github("Unitech/pm2#2573"),
  ],
  [
    "what is the difference between reload and restart",
    ["operate", "deploy", "how-it-works"],
    github("Unitech/pm2#3410"),
  ],
  ["When is a process considered up and running?", ["lifecycle"], github("Unitech/pm2#2098")],
  [
    "Shouldn't it wait for the new worker to listen before it stops the old one?",
    ["rolling-restart", "cluster", "handover"],
    github("Unitech/pm2#1875"),
  ],
  [
    "zero downtime deploy: symlink switch and instant rollback",
    ["deploy"],
    "https://gabriel.nu/tutorials/gitlab-cicd-zero-downtime-nuxt4.html",
  ],
  [
    "http server close() doesn't end keep-alive connections",
    ["lifecycle"],
    github("nodejs/node-v0.x-archive#9066"),
  ],
  ["gracefully shutdown Node.js apps", ["lifecycle"], github("nodejs/help#3701")],
  [
    "graceful shutdown: close database connections before the process exits",
    ["lifecycle"],
    github("vercel/next.js#19693"),
  ],
  [
    "socket.io: server restarts, but client doesn't reconnect",
    ["lifecycle", "frameworks/http", "cluster"],
    github("socketio/socket.io-client#627"),
  ],
  [
    "websocket connections when the server restarts",
    ["lifecycle", "frameworks/http"],
    github("socketio/socket.io#5413"),
  ],
  [
    "Start request repeated too quickly",
    ["troubleshooting", "restarts"],
    github("corazawaf/coraza-spoa#289"),
  ],
  [
    "Failed with result 'trigger-limit-hit'",
    ["troubleshooting", "restarts"],
    github("openbmc/phosphor-logging#16"),
  ],
  [
    "event loop is blocked, but systemd does not restart the process",
    ["lifecycle", "codes/event-loop-blocked"],
    github("diegosouzapw/OmniRoute#10661"),
  ],
  ["Allow an app to sleep when inactive", ["sleep"], github("karimfromjordan/sveltekit-systemd#1")],

  // Tests of an app.
  ["Testing systemd in a container in a CI", ["prove", "prove-ci"], github("systemd/node-sd-notify#10")],
  [
    "Track leaking timers, sockets, open files, child processes",
    ["prove", "codes/SOCKACT_PROVE_OPEN", "codes/SOCKACT_PROVE_DESCRIPTORS"],
    github("hapijs/lab#988"),
  ],

  // Process managers.
  [
    "Environment variables not re-read on restart",
    ["files-and-secrets", "coming-from/pm2"],
    github("Unitech/pm2#258"),
  ],
  ["reload environment variables", ["files-and-secrets", "operate"], github("Unitech/pm2#5591")],
  [
    "How to use max_memory_restart",
    ["coming-from/pm2", "restarts", "several-apps"],
    github("Unitech/pm2#5562"),
  ],
  [
    "PM2 doesn't restart automatically after system reboot",
    ["coming-from/pm2", "operate"],
    github("Unitech/pm2#5297"),
  ],
  ["startup with nvm", ["troubleshooting", "files-and-secrets", "install"], github("Unitech/pm2#1413")],
  ["Prometheus with PM2", ["metrics"], github("prometheus/client_js#239")],
  ["logs filled up all disk space", ["operate"], github("keymetrics/pm2-logrotate#169")],
  ["PM2 vs systemd", ["coming-from/pm2", "why"], "https://oxmgr.empellio.com/blog/pm2-vs-systemd"],
  ["From PM2 to systemd", ["coming-from/pm2"], "https://ukor.com.ng/articles/from-pm2-to-systemd/"],
  ["node-systemd doesn't work", ["coming-from/systemd"], github("rubenv/node-systemd#12")],

  // Frameworks and runtimes.
  [
    "adapter-node: systemd socket activation support",
    ["coming-from/sveltekit"],
    github("sveltejs/kit#10134"),
  ],
  [
    "SOCKET_MODE, SOCKET_USER and SOCKET_GROUP",
    ["sockets", "coming-from/sveltekit", "coming-from/nginx"],
    github("sveltejs/kit#14488"),
  ],
  [
    "Graceful shutdown does not work with standalone output",
    ["apps", "lifecycle"],
    github("vercel/next.js#38298"),
  ],
  ["nuxt nitro node-server: socket activation", ["apps", "frameworks/h3"], github("nitrojs/nitro#3351")],
  ["srvx: support socket activation for Node.js", ["frameworks/h3"], github("h3js/srvx#74")],
  [
    "Will fastify listen on socket, not port?",
    ["frameworks/fastify", "sockets"],
    github("fastify/fastify#179"),
  ],
  [
    "Fastify close method should postpone closing keep-alive connections",
    ["frameworks/fastify", "lifecycle"],
    github("fastify/fastify#3870"),
  ],
  ["Avoid return 503 after closing fastify", ["frameworks/fastify"], github("fastify/fastify#1714")],
  ["close-with-grace", ["lifecycle", "frameworks/fastify"], github("fastify/fastify-cli#317")],
  [
    "nestjs: request before signal interrupted with ECONNREFUSED",
    ["frameworks/nestjs"],
    github("nestjs/nest#11416"),
  ],
  ["enableShutdownHooks", ["frameworks/nestjs"], github("nestjs/nest#10131")],
  ["bun: listening on an inherited fd (socket activation)", ["bun-and-deno"], github("oven-sh/bun#36491")],
  [
    "uWebSockets.js: support listen systemd.socket",
    ["versioning", "frameworks/http"],
    github("uNetworking/uWebSockets.js#175"),
  ],

  // Containers and the sandbox.
  ["Docker container takes 10 seconds to stop", ["containers"], github("dbgate/dbgate#192")],
  [
    "Node ignores SIGTERM when it runs inside Docker",
    ["containers"],
    github("nodejs/node-v0.x-archive#9131"),
  ],
  ["502 error on deployment rolling update", ["containers"], github("kubernetes/ingress-nginx#7097")],
  ["npm start doesn't support graceful shutdown", ["containers"], github("paketo-buildpacks/nodejs#37")],
  [
    "Native systemd socket support for quadlet",
    ["coming-from/docker"],
    github("podman-container-tools/podman#28399"),
  ],
  [
    "Source IP always 127.0.0.1 in rootless Podman",
    ["coming-from/docker"],
    github("podman-container-tools/podman#5138"),
  ],
  [
    "ProtectSystem=strict and StateDirectory=: which folder is writable",
    ["hardening", "directives", "files-and-secrets"],
    github("systemd/systemd#29798"),
  ],
  [
    "filesystem being read-only but it isn't",
    ["files-and-secrets", "troubleshooting", "hardening"],
    github("rustfs/rustfs#785"),
  ],
  [
    "Systemd service fails with status=203/EXEC",
    ["troubleshooting"],
    "https://www.explaintopic.com/linux/systemd-service-fails-with-status-203-exec-on-linux-1766387474.html",
  ],
];
