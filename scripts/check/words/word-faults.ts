import { FORBIDDEN } from "./forbidden.ts";
import { proseOfPage, proseOfSource } from "./prose.ts";

/** The greatest width of a line of Markdown; characters. */
const PAGE_WIDTH = 120;

/** A fault: a forbidden word, or a line that is too long. */
export interface WordFault {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** The word as it is written; undefined for a line that is too long. */
  readonly found: string | undefined;
  readonly write: string;
}

/** The faults in the comments of a program, or in the text of a page. */
export function wordFaults(file: string, text: string): readonly WordFault[] {
  const isPage = file.endsWith(".md");
  const prose = isPage ? proseOfPage(text) : proseOfSource(file, text);
  const faults = FORBIDDEN.flatMap(({ pattern, write }) =>
    [...prose.matchAll(pattern)].map(({ 0: found, index }) => ({ file, line: lineAt(text, index), found: found.replace(/\s+/g, " "), write })),
  );
  return [...faults, ...(isPage ? wideLines(file, text) : [])].sort((a, b) => a.line - b.line);
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** Lines that could be broken earlier. Tables, headings, code, and lines of a single word or link cannot be broken. */
function wideLines(file: string, text: string): WordFault[] {
  let isCode = false;
  return text.split("\n").flatMap((line, index) => {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode;
    const width = [...line].length;
    if (isCode || width <= PAGE_WIDTH || /^\s*(\||#|<!--)/.test(line)) return [];
    const words = line.replace(/^\s*(?:[-*>]|\d+\.)?\s*/, "").replace(/!?\[[^\]]*\]\([^)]*\)/g, (link) => link.replaceAll(" ", "_"));
    return words.includes(" ")
      ? [{ file, line: index + 1, found: undefined, write: `break the line, which has ${width} characters, at ${PAGE_WIDTH}` }]
      : [];
  });
}
