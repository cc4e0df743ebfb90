import { describe } from "vitest";
import { runOneWay } from "../../../support/golden-tests.ts";
import { DELETIONS, EDITS, REACTIONS, REPLIES } from "./golden.ts";

describe(EDITS.about, () => runOneWay(EDITS));
describe(REPLIES.about, () => runOneWay(REPLIES));
describe(REACTIONS.about, () => runOneWay(REACTIONS));
describe(DELETIONS.about, () => runOneWay(DELETIONS));
