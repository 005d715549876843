-- Makes wrk(1) print its figures as JSON.
done = function(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{ "requests": %d, "seconds": %f, "p99": %f, "failed": %d }',
    summary.requests,
    summary.duration / 1e6,
    latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
