/**
 * Words that readers type and that the page, or the section of it, does not say. The search finds them like a
 * heading. By the address below the base. They are not in the pages, since GitHub shows those as they are.
 */
export const keywords: Readonly<Record<string, string>> = {
  start:
    "quick start, getting started, tutorial, hello world, which Ubuntu, which Debian, VPS, rented server",
  "how-it-works": "what is socket activation, systemd socket, file descriptor, LISTEN_FDS",
  "frameworks/http": "websocket, socket.io, node:http, http.createServer, raw, other framework",
  "frameworks/nestjs": "graceful shutdown, SIGTERM, requests interrupted, ECONNREFUSED, restart",
  "frameworks/typescript":
    "tsc, tsx, ts-node, swc, esbuild, type stripping, strip types, compile, .ts file, dist, tsconfig",
  apps: "Next.js, Nuxt, Ghost, Strapi, Directus, n8n, Astro",
  run: "nodemon, tsx, hot reload, local development, laptop",
  prove:
    "test graceful shutdown, test restart, chaos test, load test, smoke test, reliability test, test the sandbox, memory leak, file descriptor leak, leaking timers, open sockets, open files, child processes, track leaks, JUnit, SARIF, CI",
  "first-certificate":
    "letsencrypt, certbot, https, SSL certificate, free certificate, first certificate, ACME, webroot, renew, renewal hook, deploy hook, port 443, cloudflare DNS",
  tls: "Let's Encrypt, certbot, self-signed certificate, SSL, rotate certificates, rotation, expired, redirect http to https, port 443, domain",
  "tls#can-i-renew-without-a-restart":
    "reload certificate files without restarting, hot update, hot swap, SNICallback, setSecureContext, addContext",
  "proxy-protocol": "proxyProtocol, real IP, client IP, X-Real-IP, ELB, NLB, reverse proxy",
  "proxy-protocol#what-about-cloudflare": "CF-Connecting-IP, cloudflared, tunnel, CDN",
  health:
    "healthz, livez, readyz, liveness, readiness, health check endpoint, heartbeat, ping, upstream check, drain, maintenance",
  sockets: "UDP, datagram, unix socket, several sockets, named socket",
  install: "sudo: npx: command not found, sudo npx",
  config: "all fields, sockact.config.mjs, configuration file, settings, fields, options",
  "files-and-secrets":
    "/home, home folder, which folder, /srv, .env, dotenv, secrets, passwords, credentials, SQLite, uploads, upgrade Node, EROFS, read-only file system",
  "files-and-secrets#where-must-my-code-be": "/root, move app to /root, app in /home",
  "files-and-secrets#how-do-i-set-environment-variables":
    "environment variables, reload environment, env vars, process.env, ecosystem.config.js env",
  deploy: "rollback, roll back, symlink, release, new version, update my app, go back, CI, rsync, git pull",
  ansible:
    "several hosts, many servers, roll out, rollout, playbook, deploy over ssh, fleet, Capistrano, Kamal",
  operate: "logs, journalctl, status, restart, reload, stop, start at boot",
  clients: "what happens to connections, downtime, connection reset, WebSocket code 1006",
  chores: "rolling reboot, kernel update, patch day, fleet, inventory, update node, new node version",
  drain: "maintenance, rotation, undrain, reboot",
  "load-balancers": "upstream, reverse proxy",
  "several-apps": "domain, subdomain, virtual host, two apps share port 80, trust proxy, memory",
  hosts: "Caddy, virtual host, Let's Encrypt, automatic https, certificate expired, DNS",
  "proxy-restarts":
    "nginx socket activation, Caddy socket activation, upgrade nginx, fd/3, fdgram, NGINX variable",
  "twenty-apps":
    "many apps one server, multiple apps, multiple domains one VPS, several websites, host many sites, cheap server, low memory, Sablier",
  lifecycle: "websocket, websockets on restart, graceful shutdown, SIGTERM, drain, keep-alive, watchdog",
  "lifecycle#when-is-my-app-ready":
    "process considered up and running, started, online, wait_ready, process.send('ready'), Type=notify",
  "lifecycle#stop-and-restart": "gracefully shutdown, graceful shutdown, shut down, close-with-grace",
  "lifecycle#how-long-does-a-stop-take": "drainTimeout, TimeoutStopSec",
  containers:
    "graceful shutdown docker node, SIGTERM PID 1, exit code 137, exit code 143, Kubernetes 502 during deploy, rolling update, preStop, terminationGracePeriodSeconds, tini, dumb-init, docker stop, npm start, PaaS, Cloud Run, ECS, Fly, Render, Heroku",
  "lifecycle#options": "drainTimeout, handoverTimeout, onListen, onStop, onReload, onDrain, signals",
  sleep: "idleTimeout, scale to zero, suspend, keepAwake, sleep when inactive, idle app, stop when unused",
  restarts:
    "restart policy, crash loop, on-failure, always, OnFailure, start limit, alert, Start request repeated too quickly, start-limit-hit",
  events: "onEvent, log messages, NODE_DEBUG",
  watch: "monitoring, alerts, alerting, Grafana, dashboard, thresholds, SRE",
  metrics: "prometheus, node_exporter, OpenTelemetry, scrape, textfile collector, monitoring",
  "metrics#what-if-my-app-has-its-own-metrics": "prom-client, Pushgateway, recordMetrics",
  "rolling-restart": "zero downtime, zero-downtime deploy, no downtime, blue green, blue/green",
  "health-socket":
    "health check, healthz, liveness, readiness, HAProxy check port, scale to zero, Caddy health_port",
  "prove-ci":
    "GitHub Action, workflow, pipeline, .gitlab-ci.yml, merge request, pull request, continuous integration, gate, JUnit, SARIF",
  ports: "port 80 without root, privileged port, setcap, authbind, iptables, EACCES",
  hardening:
    "database, PostgreSQL, Postgres, MySQL, Redis, database socket, sandbox, connection hangs, outgoing",
  units: "systemd unit file, service file, ExecStart, template",
  troubleshooting:
    "curl hangs, my app does not answer, SyntaxError, Unexpected token, crash, crashes, crash loop, does not start, why is my service not starting, 203/EXEC, 226/NAMESPACE, 502, status code, exit code",
  "troubleshooting#eaddrinuse-address-already-in-use":
    "port 80 in use, port already in use, address already in use, port is taken",
  mistakes: "SyntaxError, Unexpected token",
  "troubleshooting#unable-to-open-database-file-from-sqlite":
    "sqlite3, SqliteError, ERR_SQLITE_ERROR, node:sqlite, readonly database",
  "troubleshooting#failed-with-result-trigger-limit-hit":
    "Start request repeated too quickly, start-limit-hit, service-start-limit-hit",
  "codes/port-taken": "port 80 in use, port already in use, address already in use",
  "codes/SOCKACT_ERR_CONFIG_SYNTAX": "SyntaxError, Unexpected token 'export', Cannot use import statement",
  "coming-from/docker": "container, Podman, Dockerfile, does it work in Docker",
  "coming-from/docker#what-do-i-get-that-docker-does-not-have":
    "source IP address, real client IP, always 127.0.0.1, rootless Podman",
  "coming-from/docker#with-podman-keep-the-image-pass-the-socket":
    "Quadlet, native systemd socket, .container file, rootless",
  "coming-from/dokku": "Traefik alternative, Dokku alternative, Coolify alternative, PaaS, CapRover, migrate",
  "coming-from/nginx": "reverse proxy, X-Forwarded-For, trust proxy, proxy_pass, certbot",
  "coming-from/nginx#nginx-stays-use-a-unix-socket":
    "socket permissions, SOCKET_MODE, SOCKET_USER, SOCKET_GROUP, SocketMode, SocketUser, SocketGroup, chmod",
  "coming-from/nginx#nginx-goes-systemd-opens-ports-80-and-443": "redirect http to https",
  "coming-from/pm2": "process manager, ecosystem.config.js, forever, PM2 vs systemd, PM2 or systemd",
  "coming-from/sveltekit": "Svelte, adapter-node",
  "coming-from/systemd": "node-systemd, autoquit, socket-activation, sd-daemon, sd-notify",
  "command-line": "CLI, commands, options, flags, --help",
  versioning:
    "which Ubuntu, which Debian, which Linux, which Node, RHEL, Fedora, Windows, macOS, supported, requirements, compatibility",
  "versioning#does-it-run-on-bun-or-deno": "uWebSockets.js, inherited fd, runtime",
  "bun-and-deno": "Bun, Deno, runtime, inherited fd, launchd, Windows, other platforms",
  comparison: "alternatives, Deno, Bun, versus, vs",
  benchmarks: "performance, fast, speed, overhead, latency, throughput",
  "reference/express#systemdlistenoptions": "types of the options of systemdListen",
  "reference/fastify#systemdlistenoptions": "types of the options of systemdListen",
  "reference/koa#systemdlistenoptions": "types of the options of systemdListen",
  security: "vulnerability, CVE, supply chain, report",
};
