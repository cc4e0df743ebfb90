/** Groups on switchboards: Synapse, Prosody, an MSN network and the bridge, all real. */
import { describe } from "vitest";
import { groupDrill } from "../support/group-drill.ts";

describe("at MSNP11", () => groupDrill("MSNP11"));
describe("at MSNP18", () => groupDrill("MSNP18"));
