import type { LocalContender, MeshContender } from "./contender.ts";
import { holonLocal } from "./holon/local.ts";
import { holonMesh, holonSecretMesh } from "./holon/mesh.ts";
import { findProduct, GetInput, Product } from "./mesh/domain.ts";
import { raw } from "./mesh/raw.ts";

/** The floor of a local call: the same two schemas, parsed by zod itself, around the same look-up. */
const rawLocal: LocalContender = {
  async start() {
    const getProduct = async (input: unknown): Promise<ReturnType<typeof findProduct>> => Product.parse(findProduct(GetInput.parse(input).id));
    return { get: (id) => getProduct({ id }), close: async () => {} };
  },
};

/** What is measured without any package but holon's own. */
export const localContenders: Readonly<Record<string, LocalContender>> = { holon: holonLocal, raw: rawLocal };

/** The same between processes. */
export const meshContenders: Readonly<Record<string, MeshContender>> = { holon: holonMesh, "holon-secret": holonSecretMesh, raw };
