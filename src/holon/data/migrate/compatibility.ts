import type { Migration } from "./migration.ts";
import { sqlTokens } from "./sql-tokens.ts";
import { StatementJudge } from "./statement-judge.ts";

const MARK = /^holon:(.*)$/i;
const SAYS_NOT = /^not compatible\b[\s:]*(|[^\s:].*)$/i;
const SAYS_COMPATIBLE = /^compatible\b[\s:]*([^\s:].*)$/i;
const NO_TRANSACTION = /^no-transaction$/i;

/**
 * Why a version without this migration cannot work with the tables that it leaves; empty if it can.
 *
 * The file may say it: `-- holon: not compatible: <why>`, or `-- holon: compatible: <why>`. If it does not, its statements decide: a migration
 * that only adds is compatible. A mark that cannot be read never makes a migration compatible.
 */
export function incompatibilitiesOf({ statements }: Migration): readonly string[] {
  const texts = statements.map(sqlTokens);
  const marks = texts.flatMap(({ comments }) => comments).flatMap((comment) => MARK.exec(comment)?.[1]?.trim() ?? []);
  const said = marks.flatMap((mark) => {
    const no = SAYS_NOT.exec(mark);
    if (no !== null) return [no[1] || "its file says so"];
    return SAYS_COMPATIBLE.test(mark) || NO_TRANSACTION.test(mark) ? [] : [`its mark "holon: ${mark}" is not known, or gives no reason`];
  });
  if (said.length > 0 || marks.some((mark) => SAYS_COMPATIBLE.test(mark))) return said;
  const judge = new StatementJudge();
  return texts.flatMap((text) => text.statements).flatMap((statement) => judge.judge(statement));
}
