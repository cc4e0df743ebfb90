// The real package fetches a native add-on while it installs; msnbridge refuses encrypted rooms and never needs it.
// Remove together with the override in package.json once bridge encryption is built (source: stack A1).
module.exports = new Proxy(
  {},
  {
    get(_target, name) {
      if (name === "__esModule" || typeof name === "symbol") return undefined;
      return class {
        constructor() {
          throw new Error(`encryption is not available in this build (${String(name)})`);
        }
      };
    },
  },
);
