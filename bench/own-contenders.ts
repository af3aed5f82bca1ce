import type { LocalContender, MeshContender } from "./contender.ts";
import { holonLocal } from "./holon/local.ts";
import { holonMesh, holonSecretMesh } from "./holon/mesh.ts";
import { findProduct, GetInput, Product } from "./mesh/domain.ts";
import { raw } from "./mesh/raw.ts";

/** The lower limit of a local call: the same look-up between the same two schemas, parsed by zod itself. */
const rawLocal: LocalContender = {
  async start() {
    const getProduct = async (input: unknown): Promise<ReturnType<typeof findProduct>> => Product.parse(findProduct(GetInput.parse(input).id));
    return { get: (id) => getProduct({ id }), close: async () => {} };
  },
};

/** The contenders of local calls that need no third-party package. */
export const localContenders: Readonly<Record<string, LocalContender>> = { holon: holonLocal, raw: rawLocal };

/** The contenders of calls between processes that need no third-party package. */
export const meshContenders: Readonly<Record<string, MeshContender>> = { holon: holonMesh, "holon-secret": holonSecretMesh, raw };
