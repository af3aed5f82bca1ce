import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, describe, expect, it } from "vitest";
import { KEPT_DOCUMENT } from "./document.ts";

type Validate = (document: string) => Promise<readonly string[]>;

/** Redocly's strictest rules; every warning is an error. */
const redocly: Validate = async (document) => {
  const config = await createConfig({ extends: ["recommended-strict"] });
  const problems = await lintFromString({ source: document, absoluteRef: "openapi.json", config });
  return problems.map(({ ruleId, message, location: [place] }) => `${ruleId} ${place?.pointer}: ${message}`);
};

/** The JSON Schema of OpenAPI 3.1. */
const seriousme: Validate = async (document) => {
  const { valid, errors } = await new Validator().validate(JSON.parse(document));
  return valid ? [] : [JSON.stringify(errors)];
};

/** Faults of the document, and the validators that must find each: one checks the form, the other also follows references. */
const FAULTS: readonly [fault: string, from: string, to: string, seenBy: readonly ("redocly" | "seriousme")[]][] = [
  ["a parameter in no place", '"in": "path"', '"in": "pathway"', ["redocly", "seriousme"]],
  ["an answer without a description", '"description": "OK"', '"x-description": "OK"', ["redocly", "seriousme"]],
  ["a reference to nothing", '"$ref": "#/components/schemas/Product"', '"$ref": "#/components/schemas/Products"', ["redocly"]],
  ["a path that names no parameter", '"/products/{id}"', '"/products/{number}"', ["redocly"]],
];

describe.each([
  ["redocly", redocly],
  ["seriousme", seriousme],
] as const)("the shop's document, by %s", (validator, validate) => {
  let problems: readonly string[];
  beforeAll(async () => {
    problems = await validate(KEPT_DOCUMENT);
  });

  it("has no fault", () => {
    expect(problems).toEqual([]);
  });

  it.each(FAULTS.filter(([, , , seenBy]) => seenBy.includes(validator)))("would be refused with %s", async (_fault, from, to) => {
    expect(KEPT_DOCUMENT).toContain(from);
    expect(await validate(KEPT_DOCUMENT.replace(from, to))).not.toEqual([]);
  });
});
