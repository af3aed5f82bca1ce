import { FORBIDDEN } from "./forbidden.ts";
import { proseOfPage, proseOfSource } from "./prose.ts";

/** Greatest width of a line of Markdown. Units: characters. */
const PAGE_WIDTH = 120;

/** Something to write in another way. */
export interface WordFault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The word as it stands there; undefined for a line that is too long. */
  readonly found: string | undefined;
  readonly write: string;
}

/** What is wrong with the comments of a program, or with the text of a page. */
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

/** Lines that could be broken earlier. Tables, headings, code and a single word or link cannot. */
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
