import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runCommand } from "../command.ts";

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** The entrances of the package, from package.json, as a user imports them. */
export function entrances(root: string): string[] {
  return Object.keys(readManifest(root).exports).map((key) => path.posix.join("holon", key));
}

/** Links the package's dependencies into a project. Optional ones are linked if this machine has them; development dependencies are not linked. */
export function linkDependencies(root: string, project: string): void {
  const { dependencies, optionalDependencies } = readManifest(root);
  const optional = Object.keys(optionalDependencies).filter((name) => existsSync(path.join(root, "node_modules", name)));
  for (const name of [...Object.keys(dependencies), ...optional, "@types/node"]) {
    const link = path.join(project, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(root, "node_modules", name), link);
  }
}

/** Entrances that plain Node cannot import, and deep imports that it should refuse but does not. */
export function importFaults(project: string, names: readonly string[]): string[] {
  const unopened = names.flatMap((name) => {
    const { ok, output } = runImport(project, name);
    return ok ? [] : [`import("${name}") fails on plain Node:\n${output}`];
  });
  const deep = ["holon/kernel", "holon/dist/holon/kernel/index.js", "holon/src/holon/index.ts"];
  const opened = deep.filter((name) => !runImport(project, name).output.includes("ERR_PACKAGE_PATH_NOT_EXPORTED"));
  return [...unopened, ...opened.map((name) => `import("${name}") is not refused`)];
}

function runImport(project: string, name: string): ReturnType<typeof runCommand> {
  return runCommand(process.execPath, ["--input-type=module", "--eval", `await import(${JSON.stringify(name)})`], {
    cwd: project,
    env: { PATH: process.env["PATH"] },
  });
}

/** How a user's project may resolve modules, and what it has installed. */
const PROJECTS = [
  { what: "a Node project", options: { module: "nodenext", types: ["node"], lib: ["es2023"] }, entrances: /./ },
  { what: "a bundled Node project", options: { module: "preserve", moduleResolution: "bundler", types: ["node"], lib: ["es2023"] }, entrances: /./ },
  {
    what: "a frontend",
    options: { module: "preserve", moduleResolution: "bundler", types: [], lib: ["es2023", "dom", "dom.iterable"] },
    entrances: /^holon\/(client|contract)$/,
  },
] as const;

/** The compiler's errors in the package's own declarations, in a user's project; errors in its dependencies' declarations are left out. */
export function typeFaults(root: string, project: string, names: readonly string[]): string[] {
  return PROJECTS.flatMap(({ what, options, entrances: used }) => {
    const lines = names
      .filter((name) => used.test(name))
      .map((name, index) => `import * as e${index} from "${name}";\nexport type E${index} = keyof typeof e${index};\n`);
    writeFileSync(path.join(project, "index.ts"), lines.join(""));
    writeFileSync(path.join(project, "package.json"), JSON.stringify({ type: "module" }));
    const compilerOptions = { ...options, target: "es2023", strict: true, noEmit: true, skipLibCheck: false };
    writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["index.ts"] }));
    const { output } = runCommand(path.join(root, "node_modules/.bin/tsc"), ["-p", ".", "--pretty", "false"], { cwd: project });
    const ours = output.split("\n").filter((line) => /^(node_modules\/holon\/|index\.ts|tsconfig\.json|error)/.test(line));
    return ours.map((line) => `in ${what}: ${line}`);
  });
}

function readManifest(root: string): Manifest {
  return JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Manifest;
}
