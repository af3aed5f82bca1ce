import { existsSync } from "node:fs";
import path from "node:path";
import { validate } from "dockerfile-utils";

/** The faults of a Dockerfile: those that the validator finds, and those that break our own rules for images. */
export function dockerfileFaults(root: string, text: string): string[] {
  const invalid = validate(text).map(({ message, range }) => `line ${range.start.line + 1}: ${message}`);
  const instructions = joinLines(text);
  const lastFrom = instructions.findLastIndex(([keyword]) => keyword === "FROM");
  const last = instructions.slice(lastFrom);
  const faults = [...invalid, ...sourceFaults(root, instructions)];
  const argument = (keyword: string): string | undefined => last.findLast(([name]) => name === keyword)?.[1];
  if (instructions.filter(([keyword]) => keyword === "FROM").length < 2) faults.push("has one stage: what builds the image stays in it");
  if (!/^[1-9]\d*(:[1-9]\d*)?$/.test(argument("USER") ?? "")) faults.push("does not end as a numbered user that is not root");
  if (argument("STOPSIGNAL") !== "SIGTERM") faults.push("does not stop by SIGTERM");
  if (!argument("HEALTHCHECK")?.includes("/healthz")) faults.push("has no health check of /healthz");
  else if (healthCheckOf(text)[0] === "node") faults.push("starts a whole Node for each health check");
  if (!argument("ENTRYPOINT")?.startsWith("[")) faults.push("starts through a shell: write ENTRYPOINT as a list");
  if (last.some(([keyword]) => keyword === "RUN")) faults.push("runs commands in its last stage");
  if (instructions.some(([keyword, rest]) => keyword === "FROM" && /:latest\b|^[^:$]+$/.test(rest.split(" ")[0] ?? "")))
    faults.push("builds on an image without a version");
  return faults;
}

/** The command of the health check, as the engine runs it in the container. Errors: the command is not written as a list. */
export function healthCheckOf(text: string): readonly string[] {
  const [, rest = ""] = joinLines(text).findLast(([keyword]) => keyword === "HEALTHCHECK") ?? [];
  return JSON.parse(rest.slice(rest.indexOf("CMD") + 3)) as readonly string[];
}

type Instruction = readonly [keyword: string, rest: string];

function joinLines(text: string): Instruction[] {
  const lines = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replace(/\\\n\s*/g, "")
    .split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => [line.split(/\s/, 1)[0] ?? "", line.replace(/^\S+\s*/, "")]);
}

/** The sources of COPY that do not exist in the project. */
function sourceFaults(root: string, instructions: readonly Instruction[]): string[] {
  const copies = instructions.filter(([keyword, rest]) => keyword === "COPY" && !rest.includes("--from="));
  return copies
    .flatMap(([, rest]) => rest.split(/\s+/).slice(0, -1))
    .filter((source) => !source.startsWith("--") && !existsSync(path.join(root, source)))
    .map((source) => `copies ${source}, which is not there`);
}
