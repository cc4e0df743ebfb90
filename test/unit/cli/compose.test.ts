import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const FILE = new URL("../../../docker-compose.yml", import.meta.url).pathname;
const TEXT = readFileSync(FILE, "utf8");

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly cap_drop?: readonly string[];
}

const compose = parse(TEXT, { merge: true }) as { services: Record<string, Service> };
const services = Object.entries(compose.services);

const hasCompose = spawnSync("docker", ["compose", "version"]).status === 0;

describe("docker-compose.yml", () => {
  test("has bridge, Redis, Synapse and Prosody", () => {
    expect(services.map(([name]) => name).sort()).toEqual(["bridge", "prosody", "redis", "synapse"]);
  });

  test.each(services)("%s: pinned, not root, no capabilities, checked, seen on loopback only", (_name, service) => {
    expect(service.image).toMatch(/:v?\d+\.\d+/);
    expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(service.cap_drop).toEqual(["ALL"]);
    for (const word of service.healthcheck?.test ?? [""]) expect(word).toBeTypeOf("string");
    expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test("holds no secret: those are files", () => {
    const variables = services.flatMap(([, service]) => Object.entries(service.environment ?? {}));
    for (const [name, value] of variables) {
      expect(name).not.toMatch(/PASSWORD|TOKEN|SECRET/);
      expect(value).not.toMatch(/:[^/@\s]+@/);
    }
    expect(TEXT).not.toMatch(/[0-9a-f]{32}/);
  });

  // skipped: where there is no docker compose to ask; the tests above look at the file itself everywhere.
  test.skipIf(!hasCompose)("is valid to docker compose", () => {
    const { status, stderr } = spawnSync("docker", ["compose", "--file", FILE, "config", "--quiet"], {
      env: { ...process.env, SERVER_NAME: "example.org", PUBLIC_URL: "https://msn.example.org" },
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });

  if (!hasCompose) console.log("docker compose is not on this machine: its own validation is left out");
});
