import type { AppDescription } from "../src/index.ts";

/** Gitea on port 80 as user git. */
export const gitea: AppDescription = {
  name: "gitea",
  description: "Gitea (Git with a cup of tea)",
  after: ["syslog.target", "network.target", "postgresql.service"],
  type: "simple",
  exec: ["/home/git/go/src/code.gitea.io/gitea/gitea", "web"],
  user: "git",
  group: "git",
  workingDirectory: "/home/git/go/src/code.gitea.io/gitea",
  environment: { USER: "git", HOME: "/home/git" },
  restart: "always",
  restartSec: "2s",
  hardening: "none",
  wantedBy: ["multi-user.target"],
  sockets: [{ description: "Gitea socket", listen: 80, noDelay: true }],
};
