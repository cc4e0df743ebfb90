import { playUnprivileged } from "./unprivileged.ts";

playUnprivileged({ privileged: false });
