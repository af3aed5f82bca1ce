import { type AST, RegExpParser, visitRegExpAST } from "@eslint-community/regexpp";
import { getFirstConsumedChar, type ReadonlyFlags } from "regexp-ast-analysis";
import { analyse } from "scslre";

/** A repetition of at most this many steps has a fixed cost. */
const FEW_STEPS = 64;

const parser = new RegExpParser();

/**
 * Why matching a pattern may look at a character of a text more than once; undefined if it does not.
 *
 * There are three causes. Two repetitions that can match the same characters (`\s*;?\s*`) try each way to share them. Repeated alternatives that begin
 * alike (`(a|aa)+`) are tried in each order. A pattern that can begin anywhere and needs something after a repetition (`eyJ\w+\.`) runs to the end of the
 * text once for each beginning. `scslre` finds the first cause, and this function the other two.
 */
export function superLinear(source: string, flags: string): string | undefined {
  const [report] = analyse({ source, flags }, { reportTypes: { Move: true, Self: true, Trade: true } }).reports;
  if (report !== undefined) return `${report.exponential ? "exponential" : "polynomial"}: its repetitions share characters (${report.type})`;
  const { pattern, flags: parsed } = parser.parseLiteral(`/${source}/${flags}`);
  if (repeatsAlike(pattern, parsed)) return "exponential: the alternatives of a repetition begin alike";
  if (flags.includes("y")) return undefined;
  const isOpen = pattern.alternatives.some((alternative) => !isAnchored(alternative, flags) && fails(alternative));
  return isOpen ? "polynomial: it may begin anywhere, and needs something after a long repetition" : undefined;
}

/** Whether a repetition has alternatives that can begin with the same character. */
function repeatsAlike(pattern: AST.Pattern, flags: ReadonlyFlags): boolean {
  let isAlike = false;
  visitRegExpAST(pattern, {
    onQuantifierEnter({ max, element }) {
      if (max <= FEW_STEPS || !("alternatives" in element)) return;
      const firsts = element.alternatives.map((each) => getFirstConsumedChar(each as AST.Alternative, "ltr", flags).char);
      isAlike ||= firsts.some((first, index) => firsts.slice(index + 1).some((other) => !first.isDisjointWith(other)));
    },
  });
  return isAlike;
}

function isAnchored({ elements: [first] }: AST.Alternative, flags: string): boolean {
  return first?.type === "Assertion" && first.kind === "start" && !flags.includes("m");
}

/** Whether an alternative can fail after a long repetition. */
function fails({ elements }: AST.Alternative): boolean {
  return elements.some((element, index) =>
    index < elements.length - 1 ? isLong(element) : failsWithin(element.type === "Quantifier" ? element.element : element),
  );
}

function failsWithin(element: AST.Element): boolean {
  return "alternatives" in element && (element.alternatives as AST.Alternative[]).some(fails);
}

/** Whether an element repeats more than a few times. */
function isLong(element: AST.Element): boolean {
  if (element.type === "Quantifier") return element.max > FEW_STEPS || isLong(element.element);
  if (!("alternatives" in element)) return false;
  return (element.alternatives as readonly { readonly elements: readonly AST.Element[] }[]).some(({ elements }) => elements.some(isLong));
}
