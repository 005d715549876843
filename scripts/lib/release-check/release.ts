import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publicPackages, versionsOf } from "../packages.ts";
import { type Registry, registrySettings } from "./registry.ts";
import { runProgram } from "./run-program.ts";

/** Refuses settings that would send a package to another registry than the one on this machine. */
export async function checkDestinations(
  copy: string,
  { url, env }: Pick<Registry, "url" | "env">,
): Promise<void> {
  for (const { name, manifest } of publicPackages(copy)) {
    const setting = Object.keys(manifest.publishConfig ?? {}).find((key) => key.endsWith("registry"));
    if (setting !== undefined) {
      throw new Error(
        `The publishConfig of ${name} has "${setting}", so a try would publish to the world. Remove it.`,
      );
    }
  }
  const file = join(copy, ".npmrc");
  if (existsSync(file) && /^[^#;\n]*registry\s*=/m.test(readFileSync(file, "utf8"))) {
    throw new Error(
      "The .npmrc of the repository names a registry, so a try would publish to the world. Remove it.",
    );
  }
  const names = publicPackages(copy).map(({ name }) => name);
  for (const setting of registrySettings(names)) {
    const registry = (await runProgram(["npm", "config", "get", setting], { cwd: copy, env })).trim();
    if (registry !== url) {
      throw new Error(
        `npm would publish to ${registry} and not to ${url}: its setting ${setting} says so. Find where it is set with "npm config list -l", and remove it.`,
      );
    }
  }
}

/**
 * Publishes every package whose version the registry does not have, as a release does. Returns the versions
 * that are then in the registry.
 */
export async function publishPackages(
  copy: string,
  registry: Registry,
): Promise<Record<string, string | undefined>> {
  await checkDestinations(copy, registry);
  await runProgram(["npm", "run", "release"], { cwd: copy, env: registry.env });
  const versions = versionsOf(copy);
  const names = Object.keys(versions).sort();
  const arrived = registry.names();
  if (arrived.join() !== names.join()) {
    throw new Error(`The registry must have ${names.join(", ")}. It has ${arrived.join(", ")}.`);
  }
  const tags = (await runProgram(["git", "tag"], { cwd: copy })).split("\n");
  for (const name of names) {
    const answer = await runProgram(["npm", "view", name, "version"], { cwd: copy, env: registry.env });
    const latest = answer.trim();
    if (latest !== versions[name])
      throw new Error(`The latest ${name} must be ${versions[name]}. It is ${latest}.`);
    if (!tags.includes(`${name}@${latest}`)) throw new Error(`${name}@${latest} has no tag.`);
  }
  return versions;
}

/** Writes the SBOM files as a release does. Returns how many there are. */
export async function writeSboms(copy: string, folder: string, registry: Registry): Promise<number> {
  await runProgram(["npm", "run", "sbom", "--", "--out", folder], { cwd: copy, env: registry.env });
  const files = readdirSync(folder).length;
  const packages = publicPackages(copy).length;
  if (files !== packages) throw new Error(`npm run sbom must write ${packages} files, and wrote ${files}.`);
  return files;
}
