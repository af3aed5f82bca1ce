import { existsSync } from "node:fs";
import path from "node:path";
import type { Page } from "./markdown.ts";

/** Relative links to a file or a heading that does not exist. */
export function linkFaults(root: string, pages: readonly Page[]): string[] {
  const byPath = new Map(pages.map((page) => [page.path, page]));
  return pages.flatMap((page) =>
    page.links
      .filter(({ target }) => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target))
      .flatMap(({ target, line }) => {
        const [file = "", anchor] = decodeURI(target).split("#");
        const resolved = file === "" ? page.path : path.posix.join(path.posix.dirname(page.path), file);
        if (resolved.startsWith("..") || !existsSync(path.join(root, resolved)))
          return [`${page.path}:${line} links to ${target}, which is not there`];
        const anchors = byPath.get(resolved)?.anchors;
        return anchor === undefined || anchors === undefined || anchors.has(anchor)
          ? []
          : [`${page.path}:${line} links to ${target}, a heading that is not there`];
      }),
  );
}

/** A whole path of the repository that a page names as code, such as `src/holon/index.ts`. */
const WHOLE_PATH = /`((?:src|contracts|migrations|scripts|bench|test|deploy|docs)(?:\/[\w.-]+)+)\/?`/g;

/** Whole paths that do not exist. Files move, and no compiler finds the pages that name them. */
export function pathFaults(root: string, pages: readonly Page[]): string[] {
  return pages.flatMap((page) => {
    const fenced = new Set(page.fences.flatMap(({ line, code }) => code.split("\n").map((_, index) => line + index)));
    return page.lines.flatMap((text, index) =>
      fenced.has(index + 1)
        ? []
        : [...text.matchAll(WHOLE_PATH)].flatMap(([, file = ""]) =>
            existsSync(path.join(root, file)) ? [] : [`${page.path}:${index + 1} names ${file}, which is not there`],
          ),
    );
  });
}
