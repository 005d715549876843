import { basename, dirname, resolve } from "node:path";
import { isInHome } from "../../shared/folders.ts";
import { shellWord } from "../../shared/shell-words.ts";
import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { failedCalls } from "../facts/failed-calls.ts";
import { serviceProperties } from "../facts/properties.ts";
import { quoted } from "../facts/service-run.ts";

/** Folders of the system. */
const ofSystem = /^\/(?:(?:bin|boot|dev|etc|lib\w*|proc|root|run|sbin|sys|usr)(?:\/|$)|$)/;

/** The app writes where the sandbox lets it only read. */
export const fileReadOnly: Diagnosis = {
  code: "file-read-only",
  severity: "error",
  title: "the app can't write a file",
  why: "With ProtectSystem=strict, a service can write only to its own folders, such as the folder of StateDirectory=, and to /dev, /proc and /sys.",
  looksAt: "EROFS in the output of the app, `ProtectSystem` and `ReadOnlyPaths`.",
  remedy:
    "Write `StateDirectory=` into the service, and let the app write to that folder. Or allow the folder with `ReadWritePaths=`.",
  explains: ofCrash,
  async find(subject) {
    const [calls, properties] = await Promise.all([subject.get(failedCalls), subject.get(serviceProperties)]);
    const { host, service, name } = subject;
    const directives = ["ProtectSystem", "ReadOnlyPaths", "ProtectHome"]
      .map((directive) => `${directive}=${properties.get(directive)}`)
      .filter((line) => !/=(?:no)?$/.test(line));
    const [state] = properties.list("StateDirectory");
    const working = properties.get("WorkingDirectory").replace(/^[!-]+/, "") || "/";
    const isDynamic = properties.get("DynamicUser") === "yes";
    const user = properties.get("User") || "root";
    return calls
      .filter(({ code }) => code === "EROFS")
      .map(({ target, line }): Found => {
        // A path of the app may be relative, and one of the unit may not.
        const path = resolve(working, target);
        const about = { unit: service, evidence: quoted([line]) };
        if (directives.length === 0)
          return {
            ...about,
            message: `The app can't write ${path}: its file system is mounted read-only.`,
            fix: "Let the app write to another place.",
          };
        const folder = state ?? name;
        // The path comes from the app's output, so do not suggest to open a system folder for it.
        const isOfSystem = ofSystem.test(dirname(path));
        // A service must not get the home of a person.
        const isHome = isInHome(path);
        const staysClosed = isDynamic || isOfSystem || isHome;
        const own = `Let the app write to /var/lib/${folder}. STATE_DIRECTORY has this path${state === undefined ? `, and StateDirectory=${name} creates the folder` : ""}.`;
        // A dynamic user owns no other folder.
        const elsewhere = isDynamic
          ? "It can't own another folder, because DynamicUser= creates a user at each start. For another folder, write the owner of that folder into User=."
          : isOfSystem
            ? "It should not write to a folder of the system."
            : isHome
              ? `Or move the app out of the home, to a folder such as /srv/${name} that belongs to ${user}.`
              : `Or let it write to its present folder, which must then belong to ${user}.`;
        const lines = [
          ...(state === undefined ? [`StateDirectory=${name}`] : []),
          ...(staysClosed ? [] : [`ReadWritePaths=${dirname(path)}`]),
        ];
        return {
          ...about,
          message: `The app can't write ${path}: the sandbox makes it read-only.`,
          evidence: [
            ...about.evidence,
            { text: directives.join("\n"), source: `${host.manager.systemctl} show ${service}` },
          ],
          fix: `${own} ${elsewhere}`,
          copy: [
            ...(staysClosed
              ? [`path.join(process.env.STATE_DIRECTORY, ${JSON.stringify(basename(path))}) // in the app`]
              : user === "root"
                ? []
                : [`chown ${shellWord(user)} ${shellWord(dirname(path))}`]),
            ...(lines.length > 0 ? addLines(host, service, ...lines) : []),
          ],
        };
      });
  },
};
