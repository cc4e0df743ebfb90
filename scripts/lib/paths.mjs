import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const VAR = join(ROOT, "var");
export const MODULES = join(ROOT, "node_modules");
export const SYNAPSE_VENV = join(VAR, "synapse-venv");
export const COMPILE_CACHE = join(VAR, "compile-cache");
