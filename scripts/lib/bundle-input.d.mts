import type { InputOptions } from "rolldown";

export declare function bundleInput(folder: string): {
  frameworks: string[];
  entries: Record<string, string>;
  programs: Record<string, string>;
  standalone: Record<string, string>;
  external: (id: string) => boolean;
  resolve: NonNullable<InputOptions["resolve"]>;
};
