import { describe } from "vitest";
import { scenePlumbing } from "./xmpp-scenes/plumbing.ts";
import { sceneRegistration } from "./xmpp-scenes/registration.ts";
import { useStage } from "./xmpp-scenes/stage.ts";

describe("conferences of Prosody, tied to circles", () => {
  const on = useStage({ server: "prosody" });
  sceneRegistration(on);
  scenePlumbing(on);
});
