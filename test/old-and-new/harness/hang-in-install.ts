import { checkOutOldVersion } from "./old-version.ts";

// Checks a commit out, and never finishes: the test kills it in the middle.
const [repository = "", id = ""] = process.argv.slice(2);
await checkOutOldVersion({
  repository,
  id,
  install: async () => {
    console.log("installing");
    setInterval(() => {}, 60_000);
    await new Promise(() => {});
  },
});
