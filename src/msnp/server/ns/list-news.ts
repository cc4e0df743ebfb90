import type { ListNewsForm } from "../dialects/types.ts";
import type { LineArg } from "../line.ts";
import type { Account } from "../state/account.ts";
import { RL } from "../state/lists.ts";

/** A line, and the payload behind it if it has one. */
export interface News {
  readonly line: readonly LineArg[];
  readonly payload?: string;
}

interface ListNews {
  added(other: Account, serial: number | undefined): News;
  removed(other: Account, serial: number | undefined): News;
}

const byRem = (other: Account, serial: number | undefined): News => ({ line: ["REM", 0, "RL", serial, other.email] });

/** How somebody is told who put them on their list, or took them off (source: msnp-core §5.7). */
export const LIST_NEWS: Readonly<Record<ListNewsForm, ListNews>> = {
  add: {
    added: (other, serial) => ({ line: ["ADD", 0, "RL", serial, other.email, other.name] }),
    removed: byRem,
  },
  adc: {
    added: (other) => ({ line: ["ADC", 0, "RL", `N=${other.email}`, `F=${other.name}`] }),
    removed: byRem,
  },
  adl: byAdl(" "),
  "adl-21": byAdl(""),
};

/** MSNP21 has no blank before the end of the element (source: msnp21 §2.6). */
function byAdl(blank: string): ListNews {
  return {
    added: (other) => ({
      line: ["ADL", 0],
      payload: reversePayload(other, ` f="${encodeURIComponent(other.name.toWellFormed())}"${blank}`),
    }),
    removed: (other) => ({ line: ["RML", 0], payload: reversePayload(other, blank) }),
  };
}

function reversePayload(other: Account, extra: string): string {
  const at = other.email.lastIndexOf("@");
  const [name, domain] = [other.email.slice(0, at), other.email.slice(at + 1)];
  return `<ml><d n="${domain}"><c n="${name}" t="1" l="${RL}"${extra}/></d></ml>`;
}
