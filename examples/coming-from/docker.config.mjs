/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "shop",
  container: {
    image: "registry.example/shop:1",
    volumes: ["/srv/shop/data:/data"],
    podmanArgs: ["--memory=512m", "--env-file=/srv/shop/.env"],
  },
  sockets: [{ listen: 80 }],
  environment: { NODE_ENV: "production" },
  hardening: "outbound",
};
