/** The findings that follow when the app ends at its start. */
export const ofCrash = ["app-crashed", "restart-loop", "idle-spin", "never-ready"] as const;
