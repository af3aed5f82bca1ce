import type { Guard } from "./guard.ts";

const SIGNED = "src/holon/mesh/identity/signed-principals.ts";
const CALLEE = "src/holon/mesh/callee/server-connection.ts";
const LINK = "src/holon/mesh/connection/link.ts";
const TABLE = "src/holon/mesh/connection/exchange-table.ts";

/** Guards of what comes from other processes: P21, P24 and P30 on the mesh, and versions that call each other. */
export const GUARDS_OF_MESH: readonly Guard[] = [
  {
    of: "P21",
    takenOut: "the calls that a context declares are checked before a handler (`isOpenTo`)",
    edits: [
      {
        file: "src/holon/pipeline/compiled-procedure.ts",
        from: "return this.#pipeline.mayCall?.(caller, this.#contextName) ?? true;",
        to: "return true;",
      },
    ],
    test: "test/mesh-access/mesh-access.test.ts",
    only: "declared false",
  },
  {
    of: "P21",
    takenOut: "the calling context is checked against the key of the process (`speaksFor`)",
    edits: [{ file: CALLEE, from: "(this.#proven.speaksFor(name) ? name : undefined)", to: "name" }],
    test: "src/holon/mesh/mesh-identity.test.ts",
  },
  {
    of: "P21",
    takenOut: "only the key of the edge may sign for a user (`maySpeakFor`)",
    edits: [{ file: SIGNED, from: "if (!maySpeakFor(roster.namesOf(kid), principal))", to: "if (false)" }],
    test: "src/holon/mesh/identity/signed-principals.test.ts",
  },
  {
    of: "P21",
    takenOut: "the signed proof contains the keys of both sides",
    edits: [
      {
        file: "src/holon/mesh/protocol/handshake.ts",
        from: "caller, callee, callerKey, calleeKey, channel].join",
        to: "caller, callee, channel].join",
      },
    ],
    test: "src/holon/mesh/mesh-identity.test.ts",
  },
  {
    of: "P24",
    takenOut: "a frame whose number of a procedure or context is not a whole number is refused (`isPlace`)",
    edits: [
      {
        file: "src/holon/mesh/callee/call-frame.ts",
        from: 'return typeof value === "number" && Number.isInteger(value) && value >= 0;',
        to: "return value !== undefined;",
      },
    ],
    test: "src/holon/mesh/mesh-faults.test.ts",
    only: "for the number of",
  },
  {
    of: "P24",
    takenOut: "ids of calls are whole numbers (`isExchangeId`)",
    edits: [
      { file: TABLE, from: 'return typeof id === "number" && Number.isInteger(id) && id >= 0 && id <= GREATEST_ID;', to: "return id !== undefined;" },
    ],
    test: "src/holon/mesh/mesh-faults.test.ts",
  },
  {
    of: "P24",
    takenOut: "the name of a token's key is a text, and nothing is converted to one (`parsePrincipalToken`)",
    edits: [{ file: SIGNED, from: 'if (typeof kid !== "string" || !roster.isSignedBy(kid,', to: "if (!roster.isSignedBy(String(kid)," }],
    test: "src/holon/mesh/identity/signed-principals.test.ts",
  },
  {
    of: "P24",
    takenOut: "an error while a frame is read closes its connection (`Link`)",
    edits: [{ file: LINK, from: 'return "a frame could not be read here";', to: "throw error;" }],
    test: "src/holon/mesh/mesh-versions.test.ts",
    only: "closes if the code that reads its frames fails",
  },
  {
    of: "P24",
    takenOut: "texts of calls are well-formed Unicode (`isUnicodeJson`)",
    edits: [{ file: CALLEE, from: "hasEscapes && !isUnicodeJson(frame) ?", to: "false ?" }],
    test: "src/holon/mesh/mesh-versions.test.ts",
    only: "not well-formed Unicode",
  },
  {
    of: "P30",
    takenOut: "calls and streams of a connection are counted separately (`hasRoom`)",
    edits: [{ file: TABLE, from: ": this.#size - this.#streamCount <", to: ": this.#size <" }],
    test: "src/holon/mesh/mesh-limits.test.ts",
    only: "count calls and streams apart",
  },
  {
    of: "old beside new",
    takenOut: "frames of unknown kinds are ignored (`Link.control`)",
    edits: [{ file: LINK, from: "this.#unknownFrames++;", to: 'return "a frame has an unknown kind";' }],
    test: "src/holon/mesh/mesh-versions.test.ts",
    only: "may send frames of unknown kinds",
  },
  {
    of: "old beside new",
    takenOut: "unknown members and features of a greeting are ignored (`hello.ts`)",
    edits: [
      {
        file: "src/holon/mesh/protocol/hello.ts",
        from: "const hello = body as Record<string, unknown>;",
        to: "const hello = body as Record<string, unknown>;\n  if (Object.keys(hello).length > 5) return undefined;",
      },
    ],
    test: "src/holon/mesh/mesh-versions.test.ts",
    only: "may put new members",
  },
];
