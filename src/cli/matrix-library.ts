import { registerHooks } from "node:module";

const NATIVE = "@matrix-org/matrix-sdk-crypto-nodejs";
const STAND_IN = new URL("../../vendor/matrix-sdk-crypto-stub/index.js", import.meta.url).href;

/**
 * Loads what imports the Matrix library, without its native encryption: that downloads a file when it is installed and
 * breaks the import where it could not (stack A1). A clone replaces the package by npm's overrides; those do not count in an
 * installed package, so the stand-in takes its place while modules are loaded. The library's use of `util._extend` (DEP0060,
 * stack A2) is not the operator's affair and is not shown.
 */
export async function loadWithoutNativeCrypto<T>(load: () => Promise<T>): Promise<T> {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === NATIVE ? { url: STAND_IN, format: "commonjs", shortCircuit: true } : next(specifier, context),
  });
  const shown = process.noDeprecation ?? false;
  process.noDeprecation = true;
  try {
    return await load();
  } finally {
    process.noDeprecation = shown;
  }
}
