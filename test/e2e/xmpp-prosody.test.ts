import { describe } from "vitest";
import { sceneCommands } from "./xmpp-scenes/commands.ts";
import { sceneContacts } from "./xmpp-scenes/contacts.ts";
import { sceneOutages } from "./xmpp-scenes/outages.ts";
import { scenePresence } from "./xmpp-scenes/presence.ts";
import { sceneRegistration } from "./xmpp-scenes/registration.ts";
import { sceneRoster } from "./xmpp-scenes/roster.ts";
import { useStage } from "./xmpp-scenes/stage.ts";
import { sceneOwnWords, sceneTalk } from "./xmpp-scenes/talk.ts";

describe("Prosody with everything granted", () => {
  const on = useStage({ server: "prosody" });
  sceneRegistration(on);
  sceneRoster(on, "everything");
  scenePresence(on);
  sceneTalk(on);
  sceneOwnWords(on);
  sceneContacts(on);
  sceneCommands(on);
  sceneOutages(on);
});

describe("Prosody that grants nothing", () => {
  const on = useStage({ server: "prosody", privileged: false });
  sceneRegistration(on);
  sceneRoster(on, "nothing");
  sceneOwnWords(on);
});
