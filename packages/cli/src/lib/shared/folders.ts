/** Whether a path is a folder, or something in it. */
export const liesIn = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? folder : `${folder}/`);

/** What ProtectHome= hides. */
const homes = ["/home", "/root", "/run/user"];

/** Whether a path is in a home. */
export const isInHome = (path: string): boolean => homes.some((home) => liesIn(home, path));
