import { describe } from "vitest";
import { runOneWay, runTable } from "../../../support/golden-tests.ts";
import { WRITING_CONTENT } from "./golden/content.ts";
import { MATRIX_EDITS } from "./golden/edits.ts";
import { READING_HTML } from "./golden/html.ts";
import { NUDGES_IN, NUDGES_OUT } from "./golden/nudges.ts";
import { MATRIX_OTHERS } from "./golden/others.ts";

describe(READING_HTML.title, () => runTable(READING_HTML));
describe(WRITING_CONTENT.title, () => runTable(WRITING_CONTENT));
describe(MATRIX_OTHERS.title, () => runOneWay(MATRIX_OTHERS));
describe(NUDGES_IN.title, () => runOneWay(NUDGES_IN));
describe(NUDGES_OUT.title, () => runOneWay(NUDGES_OUT));
describe(MATRIX_EDITS.title, () => runOneWay(MATRIX_EDITS));
