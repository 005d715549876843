export function endProcessesIn(folder: string): Promise<void>;
export function clearFolder(folder: string): Promise<void>;
