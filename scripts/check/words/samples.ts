/** A text, and how many faults the check must find in it. */
export interface WordSample {
  readonly file: string;
  readonly text: string;
  readonly faults: number;
}

const source = (text: string, faults: number): WordSample => ({ file: "sample.ts", text, faults });
const page = (text: string, faults: number): WordSample => ({ file: "sample.md", text, faults });
const WIDE = "nine chars ".repeat(12);

/** Texts with faults that the check must find, and texts that it must accept. */
export const SAMPLES: readonly WordSample[] = [
  source("/** Whoever calls it waits. */", 1),
  source("// The row is kept for somebody\nconst kept = 1; // and read by nobody, nor by anyone.", 3),
  source("/**\n * Read by no\n * one.\n */", 1),
  source("// Kept by the one\n// who wrote it.", 1),
  source("/** What {@link Pool} needs. */", 1),
  source("/** A process who hears of it tells the others. */", 3),
  source("/** Undefined for a text that is none. */", 1),
  source("const url = `http://$" + "{host}/ // nobody`; // in vain", 1),
  source("/* A job on the shelf, in a lane: lest it be lost, thus */", 4),
  { file: "sample.tsx", text: "const page = <p>It's for nobody // anyone</p>; // halt", faults: 1 },
  page("Nobody else reads `nobody`.\n", 1),
  page(`${WIDE}\n`, 1),

  source("const said = 'somebody'; const pattern = /nobody/; // a text and a pattern are not comments", 0),
  source("/** Tells two keys apart, see sales-ledger.ts and {@link lane}, as in `whoever`. */", 0),
  source("/** A user who signs in, and the process that answers. */", 0),
  page(`| ${WIDE} |\n# ${WIDE}\n\n\`\`\`sh\n${WIDE} whoever\n\`\`\`\n`, 0),
  page(`- [a link that cannot be broken](https://example.org/${"a".repeat(120)})\n`, 0),
];
