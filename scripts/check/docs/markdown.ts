/** A fenced block of code. */
export interface Fence {
  /** The text after the fence: `ts`, `ts no-check`, `sh`. */
  readonly info: string;
  readonly code: string;
  /** The line of the first line of code, counted from 1. */
  readonly line: number;
}

/** A link or an image. */
export interface Link {
  readonly target: string;
  readonly line: number;
}

/** A parsed page of documentation. */
export interface Page {
  /** Relative to the root, with `/` as separator. */
  readonly path: string;
  readonly lines: readonly string[];
  readonly fences: readonly Fence[];
  readonly links: readonly Link[];
  /** The anchors that a link to the page may name after `#`. */
  readonly anchors: ReadonlySet<string>;
}

/** Fences that have no known language and are not marked as text. No check can judge them. */
export function unmarkedFences(pages: readonly Page[]): string[] {
  return pages.flatMap((page) =>
    page.fences
      .filter(({ info }) => info === "")
      .map(({ line }) => `${page.path}:${line - 1} has a fence without a language: mark it ts, sh, json, text, ...`),
  );
}

const FENCE = /^(\s*)(```+|~~~+)\s*(.*)$/;
const LINK = /!?\[(?:[^\]\\]|\\.)*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$/g;

/** Parses a page. */
export function parsePage(path: string, text: string): Page {
  const lines = text.split("\n");
  const fences: Fence[] = [];
  const links: Link[] = [];
  const anchors = new Set<string>();
  let open: { mark: string; info: string; line: number; code: string[] } | undefined;
  for (const [index, line] of lines.entries()) {
    const [, , mark = "", info = ""] = FENCE.exec(line) ?? [];
    if (open !== undefined) {
      if (mark.startsWith(open.mark) && info === "") {
        fences.push({ info: open.info, code: open.code.join("\n"), line: open.line });
        open = undefined;
      } else open.code.push(line);
    } else if (mark !== "") {
      open = { mark, info: info.trim(), line: index + 2, code: [] };
    } else {
      addAnchor(line, anchors);
      for (const [, inline, reference] of line.replace(/`[^`]*`/g, "").matchAll(LINK))
        links.push({ target: inline ?? reference ?? "", line: index + 1 });
    }
  }
  return { path, lines, fences, links, anchors };
}

/** Adds the anchor that GitHub makes of a heading: lower case, no punctuation, `-` for spaces, `-1` for the second heading with the same text. */
function addAnchor(line: string, anchors: Set<string>): void {
  const [, heading] = /^#{1,6}\s+(.*?)\s*#*$/.exec(line) ?? [];
  if (heading === undefined) return;
  const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  const slug = plain.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
  let anchor = slug;
  for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`;
  anchors.add(anchor);
}
