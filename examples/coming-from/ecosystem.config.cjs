module.exports = {
  apps: [
    {
      name: "shop",
      script: "./server.js",
      instances: 2,
      exec_mode: "cluster",
      max_memory_restart: "300M",
      wait_ready: true,
      kill_timeout: 3000,
      env: { NODE_ENV: "production", PORT: 3000 },
    },
  ],
};
