import { describe } from "vitest";
import { runTable } from "../../../support/golden-tests.ts";
import { EMOTICON_RULES, OWN_EMOTICONS, PICTURES } from "./golden/emoticons.ts";
import { FORMAT } from "./golden/format.ts";
import { PLUS } from "./golden/plus.ts";
import { WRITING } from "./golden/writing.ts";

describe(FORMAT.title, () => runTable(FORMAT));
describe(WRITING.title, () => runTable(WRITING));
describe(PLUS.title, () => runTable(PLUS));
for (const table of [PICTURES, EMOTICON_RULES, OWN_EMOTICONS]) describe(table.title, () => runTable(table));
