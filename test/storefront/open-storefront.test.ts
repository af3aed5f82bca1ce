import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openStorefront } from "../../src/shop/storefront/open-storefront.ts";
import { freshFolder } from "../processes/fixture/run.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A project that has the sources of the storefront, but no build. */
function freshProject(): string {
  const project = freshFolder();
  mkdirSync(path.join(project, "src/shop"), { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) cpSync(path.join(ROOT, file), path.join(project, file));
  for (const folder of ["src/shop/web", "src/shop/storefront", "src/holon"])
    cpSync(path.join(ROOT, folder), path.join(project, folder), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(project, "node_modules"));
  return project;
}

test("openStorefront builds at the first start and when its sources changed, and not again otherwise", async () => {
  const project = freshProject();
  const said: string[] = [];
  const open = () => openStorefront({ project, isProduction: false, say: (line) => said.push(line) });
  const folder = path.join(project, "dist/web");
  const scripts = () => /assets\/index-[\w-]+\.js/.exec(readFileSync(path.join(folder, "index.html"), "utf8"))?.[0];

  expect(await open()).toBe(folder);
  const first = scripts();
  expect(await open()).toBe(folder);
  expect(said).toEqual([expect.stringContaining("the storefront was built")]);

  const file = path.join(project, "src/shop/web/shell.tsx");
  writeFileSync(file, readFileSync(file, "utf8").replace("Nothing is sent", "Nothing at all is sent"));
  expect(await open()).toBe(folder);
  expect(said.length).toBe(2);
  expect(scripts()).not.toBe(first);
});

test("openStorefront builds nothing in production: it serves the files that are there, or reports that there are none", async () => {
  const project = freshProject();
  const said: string[] = [];
  const open = () => openStorefront({ project, isProduction: true, say: (line) => said.push(line) });
  expect(await open()).toBeUndefined();
  expect(said).toEqual([expect.stringContaining("there is no storefront")]);
  mkdirSync(path.join(project, "dist/web"), { recursive: true });
  writeFileSync(path.join(project, "dist/web/index.html"), "<!doctype html>");
  expect(await open()).toBe(path.join(project, "dist/web"));
});
