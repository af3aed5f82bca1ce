import { describe, expect, it } from "vitest";
import { redactText } from "./redaction.ts";

const TOKEN = "eyJhbGci.eyJzdWIi.c2ln";

describe("redactText", () => {
  it.each([
    [`at www.${TOKEN}.example`, "at www.[redacted].example"],
    [`id-${TOKEN} and ${TOKEN}`, "id-[redacted] and [redacted]"],
    [`${TOKEN}.${TOKEN}`, "[redacted].[redacted]"],
    ["eyJhbGci.eyJzdWIi.", "[redacted]"],
    ["eyJhbGci.eyJzdWIi and eyJ and a.b.c", "eyJhbGci.eyJzdWIi and eyJ and a.b.c"],
    ["eyJhbGci..c2ln", "eyJhbGci..c2ln"],
    ["see a://b:c and d://e:f@g:1 and h://i:j@k", "see a://b:c and d://e:[redacted]@g:1 and h://i:[redacted]@k"],
    ["http://db:5432 of admin@example.test", "http://db:5432 of admin@example.test"],
    ["GET /a/b?ticket=1 and a?b and /c??d", "GET /a/b?[redacted] and a?b and /c?[redacted]"],
    [`"/a?b" '/c?d'`, `"/a?[redacted]" '/c?[redacted]'`],
    ["Failed query: select $1\nparams: a\nb", "Failed query: select $1\nparams: [redacted]"],
    ["\nparams: a\nFailed query: select 1", "\nparams: a\nFailed query: select 1"],
  ])("turns %j into %j", (text, shown) => {
    expect(redactText(text)).toBe(shown);
  });
});
