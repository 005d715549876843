/** What is found too, and only follows, where the app ends at its start. */
export const ofCrash = ["app-crashed", "restart-loop", "idle-spin", "never-ready"] as const;
