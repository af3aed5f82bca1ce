import { isHolonError } from "holon";
import type { Access } from "holon/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callPublic, isReachable, type NamedProcedure, PUBLIC_WAYS } from "../subject/public-call.ts";
import { type AccessSubject, ENTERED, inputOf, SUBJECTS, VISITORS, type Visitor } from "./subject.ts";

/** The result of one call. */
interface Outcome {
  readonly code: string;
  /** How often handlers were called during the call. */
  readonly entered: number;
}

type Caller = Visitor | "system";

/** The result that the contract's `access` requires, written down a second time. */
function expectedOf({ procedure }: NamedProcedure, who: Caller, isFromOutside: boolean): Outcome {
  const refusal = refusalOf(procedure.access, who, isFromOutside);
  if (refusal !== undefined) return { code: refusal, entered: 0 };
  return { code: procedure.type === "subscription" ? "OK" : ENTERED, entered: 1 };
}

function refusalOf(access: Access, who: Caller, isFromOutside: boolean): string | undefined {
  if (access === "internal") return isFromOutside ? "NOT_FOUND" : undefined;
  if (access === "public" || who === "system") return undefined;
  if (who === "anonymous") return "UNAUTHORIZED";
  return access === "user" || access.role === who ? undefined : "FORBIDDEN";
}

/** Calls the procedures one after the other, so that each result counts only its own handler calls. */
async function outcomesOf(
  subject: AccessSubject,
  procedures: readonly NamedProcedure[],
  call: (procedure: NamedProcedure) => Promise<string>,
): Promise<Record<string, Outcome>> {
  const outcomes: Record<string, Outcome> = {};
  for (const procedure of procedures) {
    const before = subject.entries.total;
    const code = await call(procedure);
    outcomes[procedure.path] = { code, entered: subject.entries.total - before };
  }
  return outcomes;
}

const expectedByPath = (procedures: readonly NamedProcedure[], who: Caller, isFromOutside: boolean): Record<string, Outcome> =>
  Object.fromEntries(procedures.map((procedure) => [procedure.path, expectedOf(procedure, who, isFromOutside)]));

/** Together, a call between contexts is a function call; apart, it goes over the mesh. */
const TOPOLOGIES = [
  ["together", "local"],
  ["apart", "mesh"],
] as const;

const SUBJECT_NAMES = Object.keys(SUBJECTS) as (keyof typeof SUBJECTS)[];
const PLACES = SUBJECT_NAMES.flatMap((name) => TOPOLOGIES.map(([topology, way]) => [name, topology, way] as const));

describe.each(PLACES)("access to %s, %s", (name, topology, way) => {
  let subject: AccessSubject;
  beforeAll(async () => {
    subject = await SUBJECTS[name](topology);
  });
  afterAll(() => subject.close());

  describe.each(VISITORS)("of an outsider: %s", (visitor) => {
    it.each(PUBLIC_WAYS)("by %s is what the contracts say", async (publicWay) => {
      const procedures = subject.procedures.filter((procedure) => isReachable(procedure, publicWay));
      const seen = await outcomesOf(subject, procedures, async (procedure) => {
        const { code } = await callPublic(subject.url, publicWay, procedure, inputOf(procedure), subject.headersOf(visitor));
        return code;
      });
      expect(seen).toEqual(expectedByPath(procedures, visitor, true));
      expect(procedures.length).toBeGreaterThan(0);
    });
  });

  it.each([...VISITORS, "system"] as const)(`of a context that calls as %s, by ${way} call, is what the contracts say`, async (who) => {
    const caller = subject.callerOf(who);
    const seen = await outcomesOf(subject, subject.procedures, (procedure) => codeOf(called(caller.call, procedure)));
    expect(seen).toEqual(expectedByPath(subject.procedures, who, false));
  });
});

type Call = (input: unknown) => Promise<unknown> | AsyncIterable<unknown>;

async function called(calls: unknown, named: NamedProcedure): Promise<void> {
  const call = named.path.split(".").reduce((group, member) => (group as Record<string, unknown>)[member], calls) as Call;
  const answer = call(inputOf(named));
  if (named.procedure.type !== "subscription") return void (await (answer as Promise<unknown>));
  for await (const _ of answer as AsyncIterable<unknown>) break;
}

async function codeOf(work: Promise<void>): Promise<string> {
  try {
    await work;
    return "OK";
  } catch (error) {
    if (isHolonError(error)) return error.code;
    throw error;
  }
}
