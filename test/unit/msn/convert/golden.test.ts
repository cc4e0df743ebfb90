import { describe } from "vitest";
import { runOneWay, runTable } from "../../../support/golden-tests.ts";
import { MATRIX_TO_MSN, MSN_TO_MATRIX, MSN_TO_XMPP } from "./golden/crossings.ts";
import { EMOTICON_RULES, OWN_EMOTICONS, PICTURES } from "./golden/emoticons.ts";
import { FORMAT } from "./golden/format.ts";
import { MSN_NOTHING } from "./golden/nothing.ts";
import { MSN_OTHERS } from "./golden/others.ts";
import { PLUS } from "./golden/plus.ts";
import { WRITING } from "./golden/writing.ts";

describe(FORMAT.title, () => runTable(FORMAT));
describe(WRITING.title, () => runTable(WRITING));
describe(PLUS.title, () => runTable(PLUS));
for (const table of [PICTURES, EMOTICON_RULES, OWN_EMOTICONS]) describe(table.title, () => runTable(table));
describe(MSN_TO_MATRIX.title, () => runTable(MSN_TO_MATRIX));
describe(MATRIX_TO_MSN.title, () => runTable(MATRIX_TO_MSN));
describe(MSN_TO_XMPP.title, () => runTable(MSN_TO_XMPP));
describe(MSN_OTHERS.title, () => runOneWay(MSN_OTHERS));
describe(MSN_NOTHING.title, () => runOneWay(MSN_NOTHING));
