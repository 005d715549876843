// What Node and V8 print. Each has a line as it was seen, and the versions.

/** `Node.js v20.20.2` (Node 20 to 26). The last line about an uncaught error. */
export const NODE_VERSION = /^Node\.js v\d/;

/** `TypeError [ERR_INVALID_ARG_TYPE]: The "path" argument must be of type string` (Node 20 to 26) */
export const ERROR_HEAD = /^(?:Uncaught )?(\w*(?:Error|Exception))(?: \[(\w+)\])?(?:: (.*))?$/s;

/** `    at Object.<anonymous> (/srv/shop/server.js:3:7)` (Node 20 to 26) */
export const FRAME = /^ +at /;

/** `  code: 'MODULE_NOT_FOUND',` (Node 20 to 26) */
export const ERROR_CODE = /^ +code: '(\w+)'/m;

/** `Cannot find module '/srv/shop/server.js'` (Node 20 to 26) */
export const MODULE_NOT_FOUND = /^Cannot find (module|package) '([^']+)'/;

/** `Cannot find package 'express' imported from /srv/shop/server.js` (Node 20 to 26) */
export const IMPORTED_FROM = /' imported from (\/.+)$/;

/** `Require stack:` (Node 20 to 26). The file that requires is in the next line. */
export const REQUIRE_STACK = /^Require stack:/;

/** `EACCES: permission denied, open '/srv/shop/server.js'` (Node 20 to 26) */
export const OPEN_DENIED = /^EACCES: [^,]+, \w+ '([^']+)'/;

/** `EROFS: read-only file system, open '/srv/shop/data.txt'` (Node 20 to 26), or EACCES */
export const FILE_DENIED = /\b(?:EROFS|EACCES): [^,']+, \w+ '([^']+)'/;

/** `ENOENT: no such file or directory, mkdir '/srv/shop/data'` (Node 20 to 26) */
export const MKDIR_MISSING = /\bENOENT: [^,']+, mkdir '([^']+)'/;

/** `Error: listen EADDRINUSE: address already in use :::3000` (Node 20 to 26) */
export const ADDRESS_IN_USE = /EADDRINUSE: address already in use (\S+)/;

/** `Cannot use import statement outside a module` (Node 20 to 26) */
export const MODULE_SYNTAX = /import statement outside a module|Unexpected token 'export'/;

/** `/usr/bin/node: --jitless is not allowed in NODE_OPTIONS` (Node 20 to 26) */
export const OPTION_REFUSED =
  /is not allowed in NODE_OPTIONS|: bad option: | requires an argument|invalid value for NODE_OPTIONS/;

/** `FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory` (Node 20 to 26) */
export const HEAP_EXHAUSTED = /FATAL ERROR: .*(?:heap limit|JavaScript heap out of memory)/;

/** `# Fatal process out of memory: SetPermissions` (Node 20 to 26) */
export const V8_FAILED = /^# Check failed|Fatal process out of memory/;
