/** The apps that this process has begun to install, for their entry in the journal. */
export const installedApps: string[] = [];
