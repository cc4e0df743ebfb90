import { sceneCommands } from "./xmpp-scenes/commands.ts";
import { sceneContacts } from "./xmpp-scenes/contacts.ts";
import { sceneOutages } from "./xmpp-scenes/outages.ts";
import { scenePresence } from "./xmpp-scenes/presence.ts";
import { sceneRegistration } from "./xmpp-scenes/registration.ts";
import { sceneRoster } from "./xmpp-scenes/roster.ts";
import { useStage } from "./xmpp-scenes/stage.ts";
import { sceneOwnWords, sceneTalk } from "./xmpp-scenes/talk.ts";

// Debian's ejabberd 23.01 grants everything, and does not do all of it (source: stack C3).
const on = useStage({ server: "ejabberd" });
sceneRegistration(on);
sceneRoster(on, "nothing");
scenePresence(on);
sceneTalk(on);
sceneOwnWords(on);
sceneContacts(on);
sceneCommands(on);
sceneOutages(on);
