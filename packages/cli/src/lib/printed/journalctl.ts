/** `No journal files were opened due to insufficient permissions.` (252 to 262) */
export const JOURNAL_CLOSED = /insufficient permissions/i;
