// Services with handover, as the tests of `sockact reload` and `sockact doctor` need them.
import type { PrivateSystemd } from "@sockact/testkit";

/** The program of the services: service.mjs. */
const PROGRAM = "service-stand-in.mjs";

/** A command that asks for a reload, and fails if the handover fails. */
const execReload = `ExecReload=/bin/sh -c 'rm -f "$$SOCKACT_RELOAD_RESULT"; mkfifo -m 600 "$$SOCKACT_RELOAD_RESULT" || exit; kill -HUP "$$MAINPID" || exit 0; read -r result <"$$SOCKACT_RELOAD_RESULT"; [ "$$result" = ok ] || { echo "$$result" >&2; exit 1; }'`;

/** The units of a service with handover. Unless `isAwaited`, systemctl reload does not learn of a failure. */
export function handoverUnits(
  systemd: PrivateSystemd,
  name: string,
  { port, isAwaited = true, lines = [] }: { port: number; isAwaited?: boolean; lines?: string[] },
): Record<string, string> {
  const awaited = [
    `Environment=SOCKACT_RELOAD_RESULT=/run/${name}-reload/result`,
    `RuntimeDirectory=${name}-reload`,
    execReload,
  ];
  return {
    [`${name}.socket`]: `[Socket]\nListenStream=${port}\n[Install]\nWantedBy=sockets.target\n`,
    [`${name}.service`]: [
      "[Unit]",
      `Requires=${name}.socket`,
      "[Service]",
      "Type=notify-reload",
      "NotifyAccess=main",
      "OpenFile=/run/systemd/notify:notify",
      "Environment=SOCKACT_HANDOVER=yes",
      `ExecStart=${systemd.node} ${systemd.project}/packages/cli/test/programs/${PROGRAM} ${name}`,
      ...(isAwaited ? awaited : []),
      ...lines,
      "",
    ].join("\n"),
  };
}
