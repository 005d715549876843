/** Whether a path is this folder, or is in it. */
export const liesIn = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? folder : `${folder}/`);

/** The folders that ProtectHome= hides. */
const homes = ["/home", "/root", "/run/user"];

/** Whether a path is in a home directory. */
export const isInHome = (path: string): boolean => homes.some((home) => liesIn(home, path));

/** System folders. */
const ofSystem =
  /^\/(?:(?:bin|boot|dev|etc|lib\w*|proc|root|run|sbin|sys|usr|var\/(?:backups|cache|lib|log|mail|spool))(?:\/|$)|$)/;

/** Whether a path is a folder of the system, or is in one. */
export const isOfSystem = (path: string): boolean => ofSystem.test(path);
