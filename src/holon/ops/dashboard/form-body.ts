import type { FastifyInstance, FastifyRequest } from "fastify";
import { notUtf8, utf8Text } from "../../edge/http/request-text.ts";
import { parsePairs, type QueryPair } from "../../edge/rest/rest-input.ts";

const FORM_BYTES = 16 * 1024;

/** Lets the routes of a scope accept the bodies of forms, and no others. */
export function takeForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "buffer", bodyLimit: FORM_BYTES }, (_request, body, done) => {
    const text = utf8Text(body as Buffer);
    const pairs = text === undefined ? undefined : parsePairs(text);
    if (pairs === undefined) done(notUtf8("The form", ""));
    else done(null, new Form(pairs));
  });
}

/** A field of a form; empty if it is missing. */
export function formField({ body }: FastifyRequest, name: string): string {
  return body instanceof Form ? body.field(name) : "";
}

class Form {
  readonly #pairs: readonly QueryPair[];

  constructor(pairs: readonly QueryPair[]) {
    this.#pairs = pairs;
  }

  field(name: string): string {
    return this.#pairs.find((pair) => pair.name === name)?.value ?? "";
  }
}
