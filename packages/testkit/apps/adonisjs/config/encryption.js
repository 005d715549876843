import { defineConfig, drivers } from "@adonisjs/core/encryption";

export default defineConfig({
  default: "gcm",
  list: { gcm: drivers.aes256gcm({ keys: ["not-a-secret-0123456789abcdef01234567"], id: "gcm" }) },
});
