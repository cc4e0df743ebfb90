import { describe } from "vitest";
import { runOneWay } from "../../../support/golden-tests.ts";
import { DELETIONS, EDITS, OTHERS, REACTIONS, REPLIES, SPLITS } from "./golden.ts";

describe(EDITS.about, () => runOneWay(EDITS));
describe(REPLIES.about, () => runOneWay(REPLIES));
describe(REACTIONS.about, () => runOneWay(REACTIONS));
describe(DELETIONS.about, () => runOneWay(DELETIONS));
describe(SPLITS.about, () => runOneWay(SPLITS));
describe(OTHERS.about, () => runOneWay(OTHERS));
