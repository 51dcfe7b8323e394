import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The built pages lie inside the api package, so that they travel in the wheel.
export default defineConfig({
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: "../api/console",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { input: { desk: "index.html", panel: "panel/index.html" } },
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true } } },
});
