/** The mean and the median of a simulated day. */
exports.summarize = function summarize(ms) {
  const values = [];
  for (const end = Date.now() + ms; Date.now() < end;) values.push(Math.sqrt(values.length));
  values.sort((a, b) => a - b);
  return { mean: values.reduce((sum, value) => sum + value, 0) / values.length, median: values[values.length >> 1] };
};
