// Built twice: for `next start`, and as a folder that needs no node_modules beside it.
const standalone = { output: "standalone", distDir: ".next-standalone" };

export default {
  outputFileTracingRoot: import.meta.dirname,
  ...(process.env.STANDALONE ? standalone : {}),
};
