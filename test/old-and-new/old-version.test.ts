import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { eventually, freshFolder, runProgram } from "../processes/fixture/run.ts";
import { checkOutOldVersion } from "./harness/old-version.ts";

const HANGING = fileURLToPath(new URL("harness/hang-in-install.ts", import.meta.url));

const git = (folder: string, ...args: readonly string[]): string =>
  execFileSync("git", ["-c", "user.name=test", "-c", "user.email=test@example.test", ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: "pipe",
  }).trim();

describe("the old version of a repository", () => {
  let origin: string;
  let old: string;

  beforeEach(() => {
    origin = freshFolder();
    git(origin, "init", "--quiet", "--initial-branch=main");
    for (const text of ["old", "new"]) {
      writeFileSync(path.join(origin, "version.txt"), text);
      git(origin, "add", ".");
      git(origin, "commit", "--quiet", `--message=${text}`);
    }
    old = git(origin, "rev-parse", "HEAD~1");
  });

  const cloned = (...options: readonly string[]): string => {
    const folder = freshFolder();
    git(folder, "clone", "--quiet", ...options, `file://${origin}`, ".");
    return folder;
  };
  const installed: string[] = [];
  const checkOut = (repository: string, id = old): Promise<string> =>
    checkOutOldVersion({ repository, id, install: async (folder) => void installed.push(folder) });
  const worktrees = (repository: string): string[] =>
    git(repository, "worktree", "list", "--porcelain")
      .split("\n")
      .filter((line) => /^(worktree|prunable) /.test(line));

  test("is checked out beside the new one and installed once, for two processes at once and for later ones", async () => {
    const repository = cloned();
    installed.length = 0;
    const folders = await Promise.all([checkOut(repository), checkOut(repository)]);
    folders.push(await checkOut(repository));
    expect(new Set(folders)).toEqual(new Set([path.join(repository, ".old-version", old)]));
    expect(readFileSync(path.join(folders[0] as string, "version.txt"), "utf8")).toBe("old");
    expect(readFileSync(path.join(repository, "version.txt"), "utf8")).toBe("new");
    expect(installed).toHaveLength(1);
  });

  test("is made again by a waiting process if the first one was killed, and nothing of the first try is left", async () => {
    const repository = cloned();
    const killed = runProgram(HANGING, [repository, old], {});
    await eventually("the first one installs", () => killed.output().includes("installing"));
    installed.length = 0;
    const waiting = checkOut(repository);
    killed.child.kill("SIGKILL");
    await killed.ended;
    const folder = await waiting;
    expect(installed).toHaveLength(1);
    expect(worktrees(repository)).toEqual([`worktree ${repository}`, `worktree ${folder}`]);
  });

  test("replaces the one before if another commit is named", async () => {
    const repository = cloned();
    const before = await checkOut(repository);
    const after = await checkOut(repository, git(origin, "rev-parse", "HEAD"));
    expect([existsSync(before), readFileSync(path.join(after, "version.txt"), "utf8")]).toEqual([false, "new"]);
    expect(worktrees(repository)).toEqual([`worktree ${repository}`, `worktree ${after}`]);
  });

  test("does not exist if the packages could not be installed, and is made by the next try", async () => {
    const repository = cloned();
    const failing = checkOutOldVersion({ repository, id: old, install: () => Promise.reject(new RangeError("no network")) });
    await expect(failing).rejects.toThrow("no network");
    expect(existsSync(path.join(repository, ".old-version", old))).toBe(false);
    await expect(checkOut(repository)).resolves.toContain(old);
  });

  describe("fails if the history is missing, with the command that fetches it", () => {
    test("in a shallow clone", async () => {
      const repository = cloned("--depth=1");
      const cure = "git fetch --unshallow origin";
      await expect(checkOut(repository)).rejects.toThrow(`This runs the commit ${old}, which this clone does not have. Run: ${cure}`);
      git(repository, ...cure.split(" ").slice(1));
      await expect(checkOut(repository)).resolves.toContain(old);
    });

    test("in a clone of another branch", async () => {
      git(origin, "switch", "--quiet", "--orphan", "other");
      git(origin, "commit", "--quiet", "--allow-empty", "--message=other");
      const repository = cloned("--single-branch", "--branch=other");
      const cure = `git fetch origin ${old}`;
      await expect(checkOut(repository)).rejects.toThrow(`Run: ${cure}`);
      git(repository, ...cure.split(" ").slice(1));
      await expect(checkOut(repository)).resolves.toContain(old);
    });

    test("in a folder that is not a clone", async () => {
      await expect(checkOut(freshFolder())).rejects.toThrow(/is not a git repository\. It needs a clone with its history: git clone/);
    });
  });
});
