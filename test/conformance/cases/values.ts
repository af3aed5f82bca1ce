import { type Case, type Topic, topic } from "../case.ts";
import { badRequest, edgeFailure, INTERNAL, outcomeOf } from "../outcome.ts";
import { spell } from "../values/context.ts";
import { type Sample, SCHEMAS, type SchemaRow } from "../values/schemas.ts";
import type { World } from "../world.ts";

/** Each value of each type: as input and as output, between contexts and at the edge. */
export const VALUES: readonly Topic[] = Object.entries(SCHEMAS).map(([name, row]) =>
  topic(
    `values, ${name}`,
    row.samples.map((sample, index) => sampleCase(name, row, sample, index)),
  ),
);

function sampleCase(schema: string, { inputOnly }: SchemaRow, sample: Sample, index: number): Case {
  const way = inputOnly === true ? "taken" : "taken and given";
  return {
    name: `${sample.name} (${way})`,
    ...(sample.tooLongForUrl === true ? { trpcOnly: "by REST the values travel in bodies, which are not too long" } : {}),
    run: async (world) => ({
      taken: await taken(world, schema, sample),
      ...(inputOnly === true ? {} : { given: await given(world, schema, index) }),
    }),
    expected: { taken: expectedTaken(schema, sample), ...(inputOnly === true ? {} : { given: expectedGiven(schema, sample) }) },
  };
}

async function taken({ app, edge }: World, schema: string, { value }: Sample): Promise<unknown> {
  const take = (app.asAnonymous().call.values.take as Procedures)[schema] as Procedure;
  return {
    call: await outcomeOf(take(value)),
    get: await outcomeOf(edge().query(`values.take.${schema}`, value)),
    post: await outcomeOf(edge({ link: "httpBatchStreamLink" }).mutation(`values.put.${schema}`, value)),
  };
}

async function given({ app, edge }: World, schema: string, index: number): Promise<unknown> {
  const give = (app.asAnonymous().call.values.give as Procedures)[schema] as Procedure;
  return {
    call: await outcomeOf(give(index)),
    edge: await outcomeOf(edge({ link: "httpBatchLink" }).query(`values.give.${schema}`, index)),
  };
}

type Procedure = (input: unknown) => Promise<unknown>;
type Procedures = Readonly<Record<string, Procedure>>;

function expectedTaken(schema: string, sample: Sample): unknown {
  const { issues, edgeIssues = issues, tooLongForUrl } = sample;
  const text = spell(givesOf(sample));
  const atEdge = (path: string): unknown => (edgeIssues === undefined ? text : edgeBadRequest(path, edgeIssues));
  return {
    call: issues === undefined ? text : badRequest(...issues),
    get:
      tooLongForUrl === true
        ? edgeFailure("PAYLOAD_TOO_LARGE", { number: -32013, httpStatus: 431, details: undefined })
        : atEdge(`values.take.${schema}`),
    post: atEdge(`values.put.${schema}`),
  };
}

function expectedGiven(schema: string, sample: Sample): unknown {
  if (sample.issues === undefined || sample.answerable === true) return { call: givesOf(sample), edge: givesOf(sample) };
  return {
    call: INTERNAL,
    edge: edgeFailure("INTERNAL", { number: -32603, httpStatus: 500, path: `values.give.${schema}`, details: { errorId: "<id>" } }),
  };
}

function givesOf(sample: Sample): unknown {
  return "gives" in sample ? sample.gives : sample.value;
}

function edgeBadRequest(path: string, issues: NonNullable<Sample["issues"]>): unknown {
  const { details } = badRequest(...issues).failure;
  return edgeFailure("BAD_REQUEST", { number: -32600, httpStatus: 400, path, details });
}
