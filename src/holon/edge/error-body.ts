import { errorRow, type HolonError, TRPC_CODE_NUMBERS } from "../kernel/index.ts";

const MESSAGE_LENGTH = 300;
const PATH_LENGTH = 200;

/**
 * The JSON of an error in tRPC's shape: `{"error":{"message","code","data":{"code","httpStatus","path","details"}}}`.
 *
 * Units: limitBytes is what the text may take; over it the details are left out, then the message is that of the catalogue.
 */
export function toErrorJson(error: HolonError, path: string | undefined, limitBytes: number): string {
  const shortPath = path?.slice(0, PATH_LENGTH);
  const whole = withDetails(error, shortPath);
  if (whole !== undefined && fits(whole, limitBytes)) return whole;
  const bare = write(error, error.message.slice(0, MESSAGE_LENGTH), shortPath, undefined);
  return fits(bare, limitBytes) ? bare : write(error, errorRow(error.code).meaning, undefined, undefined);
}

/** Undefined where the details are no JSON: an error must be answered even then. */
function withDetails(error: HolonError, path: string | undefined): string | undefined {
  try {
    return write(error, error.message, path, error.details);
  } catch {
    return undefined;
  }
}

function write(error: HolonError, message: string, path: string | undefined, details: unknown): string {
  const code = TRPC_CODE_NUMBERS[errorRow(error.code).trpc];
  return JSON.stringify({ error: { message, code, data: { code: error.code, httpStatus: error.status, path, details } } });
}

function fits(text: string, limitBytes: number): boolean {
  return text.length * 3 <= limitBytes || Buffer.byteLength(text) <= limitBytes;
}
