import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { describeWith } from "../packages/testkit/src/requires.ts";
import { changeset, ScratchRepository } from "./lib/scratch-repository.ts";

const folder = fileURLToPath(new URL("../.changeset", import.meta.url));

describeWith({ commands: ["git"] }, "a changelog", () => {
  test("links each change to its pull request and commit, and each dependency to its changelog", () => {
    const repository = new ScratchRepository({
      "package.json": {
        name: "root",
        private: true,
        workspaces: ["packages/*"],
        repository: { type: "git", url: "git+https://github.com/owner/name.git" },
      },
      "packages/a/package.json": { name: "a", version: "0.1.0" },
      "packages/b/package.json": { name: "b", version: "0.1.0", dependencies: { a: "^0.1.0" } },
      "packages/b/CHANGELOG.md": "# b\n\n## 0.1.0\n",
    });
    repository.write({ ".changeset/README.md": "" });
    for (const file of ["changelog.mjs", "config.json"]) {
      copyFileSync(join(folder, file), join(repository.root, ".changeset", file));
    }
    repository.commit("Set up changesets");
    const minor = repository.commit('Revert "Add x (#11)" (#12)', {
      ".changeset/minor.md": changeset({ a: "minor" }, "`x` is gone.\n\n- Use `y`.\n- Or `z`."),
    });
    const patch = repository.commit("Fix y", {
      ".changeset/patch.md": changeset({ a: "patch" }, "`y` works."),
    });
    repository.write({ ".changeset/later.md": changeset({ a: "patch" }, "Not committed yet.") });

    repository.run("changeset", "version");

    const address = "https://github.com/owner/name";
    const textOf = (name: string) =>
      readFileSync(join(repository.root, "packages", name, "CHANGELOG.md"), "utf8");
    repository.run("oxfmt", "packages");
    expect(textOf("a")).toBe(`# a

## 0.2.0

### Minor Changes

- [#12](${address}/pull/12) [\`${minor.slice(0, 7)}\`](${address}/commit/${minor}): \`x\` is gone.

  - Use \`y\`.
  - Or \`z\`.

### Patch Changes

- Not committed yet.
- [\`${patch.slice(0, 7)}\`](${address}/commit/${patch}): \`y\` works.
`);
    expect(textOf("b")).toBe(`# b

## 0.1.1

### Patch Changes

- Depends on [a 0.2.0](${address}/blob/main/packages/a/CHANGELOG.md#020)

## 0.1.0
`);
  });
});
