import { playUnprivileged } from "./unprivileged.ts";

// Debian's ejabberd 23.01 grants privileges that it then does not have (stack C3).
playUnprivileged({ server: "ejabberd" });
