/** Whether a path is this folder, or is in it. */
export const liesIn = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? folder : `${folder}/`);

/** The folders that ProtectHome= hides. */
const homes = ["/home", "/root", "/run/user"];

/** Whether a path is in a home directory. */
export const isInHome = (path: string): boolean => homes.some((home) => liesIn(home, path));
