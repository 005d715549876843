import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describeWith } from "@sockact/testkit";
import { expect, test } from "vitest";
import { verifyUnits } from "../packages/cli/src/lib/verify/systemd-analyze.ts";
import { blocksOf } from "../scripts/lib/blocks/page-blocks.ts";
import { filesInGit, handwrittenPages } from "../scripts/lib/blocks/pages.ts";
import { completed, type UnitGroup, unitGroupsOf } from "../scripts/lib/blocks/unit-problems.ts";
import { root } from "../scripts/lib/packages.ts";

const pages = handwrittenPages(filesInGit(root));
const groups = unitGroupsOf(pages.flatMap((page) => blocksOf(page, readFileSync(join(root, page), "utf8"))));

/** What systemd can't know here: the app is not on this machine, and this systemd may be older than a directive. */
const notAboutThePage = /is not executable|Unknown key|No such file or directory|not found/;

/** Units that are meant to be wrong are left out, and those of containers: Podman makes the service. */
const isReadBySystemd = ({ expected, files }: UnitGroup): boolean =>
  expected.length === 0 && !Object.keys(files).some((file) => file.endsWith(".container"));

describeWith({ commands: ["systemd-analyze"] }, "whole units on the pages", () => {
  test.concurrent.each(groups.filter(isReadBySystemd))(
    "systemd reads them without a complaint: $place",
    async ({ files }) => {
      const folder = mkdtempSync(join(tmpdir(), "sockact-shown-"));
      try {
        for (const [file, text] of Object.entries(completed(files)))
          writeFileSync(join(folder, basename(file)), text);
        const complaints = await verifyUnits(
          readdirSync(folder).map((file) => join(folder, file)),
          false,
        );
        if (typeof complaints === "string") throw new Error(complaints);
        expect(complaints.filter(({ message }) => !notAboutThePage.test(message))).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
