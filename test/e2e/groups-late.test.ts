/** Groups on switchboards, and temporary groups of MSNP21: Synapse, Prosody, an MSN network and the bridge, all real. */
import { describe } from "vitest";
import { groupDrill } from "../support/group-drill.ts";

describe("at MSNP15", () => groupDrill("MSNP15"));
describe("at MSNP21", () => groupDrill("MSNP21"));
