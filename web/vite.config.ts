import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The built pages lie inside the api package, so that they travel in the wheel.
export default defineConfig({
  plugins: [react()],
  build: { outDir: "../api/console", emptyOutDir: true, target: "es2022", chunkSizeWarningLimit: 1500 },
});
