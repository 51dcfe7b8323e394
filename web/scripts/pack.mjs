// Packs what was built beside itself, for browsers behind slow lines: pages and scripts are four times smaller so.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LEAST_BYTES = 1400;
const built = join(new URL(".", import.meta.url).pathname, "..", "..", "api", "console");

for (const name of readdirSync(built, { recursive: true })) {
  const path = join(built, name);
  if (!/\.(?:css|html|js|svg)$/.test(name) || statSync(path).size < LEAST_BYTES) continue;
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
