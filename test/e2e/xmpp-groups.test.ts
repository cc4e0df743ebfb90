import { describe } from "vitest";
import { sceneCircles } from "./xmpp-scenes/circles.ts";
import { sceneGroups } from "./xmpp-scenes/groups.ts";
import { sceneRegistration } from "./xmpp-scenes/registration.ts";
import { useStage } from "./xmpp-scenes/stage.ts";

describe.each(["prosody", "ejabberd"] as const)("groups as rooms at the component of %s", (server) => {
  const on = useStage({ server });
  sceneRegistration(on);
  sceneGroups(on);
  sceneCircles(on);
});
