// Fails unless both catalogues have the same keys, no empty text, the same {placeholders},
// and every key that the source names with t("...").
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const source = join(new URL(".", import.meta.url).pathname, "..", "src");
const catalogue = (language) =>
  new Map(Object.entries(JSON.parse(readFileSync(join(source, "i18n", `${language}.json`), "utf8"))));
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort().join(" ");

const catalogues = { zh: catalogue("zh"), en: catalogue("en") };
const problems = [];

for (const [language, other] of [["zh", "en"], ["en", "zh"]]) {
  for (const [key, text] of catalogues[language]) {
    if (typeof text !== "string" || text.trim() === "") problems.push(`${language}.json: "${key}" has no text`);
    else if (!catalogues[other].has(key)) problems.push(`${other}.json lacks "${key}"`);
    else if (placeholders(text) !== placeholders(String(catalogues[other].get(key))))
      problems.push(`"${key}": the placeholders of zh and en differ`);
  }
}

for (const name of readdirSync(source, { recursive: true })) {
  if (!/\.tsx?$/.test(name)) continue;
  for (const found of readFileSync(join(source, name), "utf8").matchAll(/\bt\(\s*"([^"]+)"/g)) {
    if (!catalogues.zh.has(found[1])) problems.push(`src/${name} uses "${found[1]}", which no catalogue has`);
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`Translations complete: ${catalogues.zh.size} texts in zh and en`);
