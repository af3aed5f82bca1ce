import type { z } from "zod";
import { findNotUnicode } from "../kernel/unicode-text.ts";
import { copyJson, normalizeJson, withoutUndefined } from "./json-form.ts";
import { NormalizerCode } from "./normalizer-code.ts";
import type { AnySchema } from "./schema-def.ts";
import { schemaTraits } from "./schema-walk.ts";

/** The result of a {@link Normalizer} for a value that contains a text without UTF-8. */
export const NOT_UNICODE = Symbol("a text that is not Unicode");

/** Brings a copy of a value to the form that JSON would give it, in place if it can; or returns {@link NOT_UNICODE}. */
type Normalizer = (value: unknown) => unknown;

/**
 * The normalizer of a schema; undefined if values of the schema need none.
 *
 * It is generated code for the schema, because it runs in every local call, and a walk over the value by key costs more than parsing does. The value is walked
 * if code cannot be generated, as under a strict content security policy, and for unions without a discriminator. Values of recursive schemas are copied: if
 * one object is in two places, zod makes one copy of it, and JSON makes two.
 */
export function createNormalizer(schema: z.ZodType, { checksTexts }: { readonly checksTexts: boolean }): Normalizer | undefined {
  if (schemaTraits(schema as AnySchema).recursive) return checksTexts ? unicodeOnly(copyJson) : copyJson;
  const code = new NormalizerCode(checksTexts);
  const body = code.emit(schema as AnySchema, "value");
  if (body === "") return undefined;
  try {
    const names = ["normalizeJson", "withoutUndefined", "findNotUnicode", "notUnicode", "constants"];
    const make = new Function(...names, `"use strict"; return (value) => { ${body} return value; };`);
    return make(normalizeJson, withoutUndefined, findNotUnicode, NOT_UNICODE, code.constants) as Normalizer;
  } catch {
    return checksTexts ? unicodeOnly(normalizeJson) : normalizeJson;
  }
}

function unicodeOnly(normalize: Normalizer): Normalizer {
  return (value) => {
    const form = normalize(value);
    return findNotUnicode(form) === undefined ? form : NOT_UNICODE;
  };
}
