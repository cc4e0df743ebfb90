import { describe } from "vitest";
import { runOneWay, runTable } from "../../../support/golden-tests.ts";
import { MSN_TO_XHTML, STYLING_TO_MSN, XHTML_TO_MSN } from "./golden/crossings.ts";
import { XMPP_OTHERS } from "./golden/others.ts";
import { READING_STYLING, WRITING_STYLING } from "./golden/styling.ts";
import { READING_XHTML, WRITING_XHTML } from "./golden/xhtml.ts";

describe(READING_XHTML.title, () => runTable(READING_XHTML));
describe(WRITING_XHTML.title, () => runTable(WRITING_XHTML));
describe(READING_STYLING.title, () => runTable(READING_STYLING));
describe(WRITING_STYLING.title, () => runTable(WRITING_STYLING));
describe(XMPP_OTHERS.title, () => runOneWay(XMPP_OTHERS));
describe(MSN_TO_XHTML.title, () => runTable(MSN_TO_XHTML));
describe(XHTML_TO_MSN.title, () => runTable(XHTML_TO_MSN));
describe(STYLING_TO_MSN.title, () => runTable(STYLING_TO_MSN));
