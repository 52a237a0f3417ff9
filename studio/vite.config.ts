import react from "@vitejs/plugin-react";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { defineConfig, type Plugin } from "vite";

const OUT = "../smalt/server/studio/dist";
const SOURCES = [
  "index.html",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "vite.config.ts",
  "public",
  "src",
  // What the first steps of the home page submit.
  "../examples/demo/environment.yml",
  "../examples/demo/src/prepare.py",
  "../examples/demo/src/train.py",
  "../smalt/flows/gallery/chat/answer.jinja2",
  "../smalt/flows/gallery/chat/flow.dag.yaml",
];

/** Every source file with its path; the same order and the same bytes as tests/studio/test_build.py reads. */
function sources(): string[] {
  const all = SOURCES.flatMap((name) =>
    name.includes(".")
      ? [name]
      : readdirSync(name, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => relative(".", join(entry.parentPath, entry.name))),
  );
  return all.sort((one, other) => (one < other ? -1 : 1));
}

/** Writes which sources a build was made from, so that a stale build is noticed without Node. */
function stamped(): Plugin {
  return {
    name: "stamped",
    apply: "build",
    closeBundle() {
      const hash = createHash("sha256");
      for (const path of sources()) hash.update(path).update("\0").update(readFileSync(path)).update("\0");
      writeFileSync(join(OUT, "build.json"), JSON.stringify({ sources: hash.digest("hex") }) + "\n");
    },
  };
}

export default defineConfig({
  base: "/studio/",
  plugins: [react(), stamped()],
  build: {
    outDir: OUT,
    assetsDir: "built",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
  server: { proxy: { "^/(?!studio/(?!session|links))": process.env.SMALT_URL ?? "http://127.0.0.1:8787" } },
});
