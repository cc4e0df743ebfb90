/** Style, script and icon of the pages; served under names that carry a hash, so that they may be cached for ever. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";

const TYPES = { css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8", svg: "image/svg+xml" } as const;

interface Asset {
  readonly name: string;
  readonly type: string;
  readonly body: Buffer;
}

function load(base: string, ending: keyof typeof TYPES): Asset {
  const body = readFileSync(new URL(`./assets/${base}.${ending}`, import.meta.url));
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  return { name: `${base}.${hash}.${ending}`, type: TYPES[ending], body };
}

export interface Assets {
  readonly css: string;
  readonly js: string;
  readonly icon: string;
}

/** Serves the files at `/assets/…`; returns their paths below the public address. */
export function serveAssets(app: FastifyInstance): Assets {
  const all = { css: load("link", "css"), js: load("link", "js"), icon: load("icon", "svg") };
  for (const asset of Object.values(all)) {
    app.get(`/assets/${asset.name}`, (_request, reply) =>
      reply.header("cache-control", "public, max-age=31536000, immutable").type(asset.type).send(asset.body),
    );
  }
  return { css: `/assets/${all.css.name}`, js: `/assets/${all.js.name}`, icon: `/assets/${all.icon.name}` };
}
