/**
 * Every key there is in Redis, declared once; docs/redis.md is made from {@link KEY_TABLE}. What belongs to an account or
 * to a resident's control lane carries its shard's hash tag, so that one script may touch all of it on a Cluster too
 * (source: design §5, stack D "Key design").
 */
export interface KeyRow {
  /** The key as it is written, with `<…>` for what varies; the namespace in front is left out. */
  readonly pattern: string;
  readonly type: "stream" | "set" | "zset" | "hash" | "list" | "string";
  /** What the hash tag is the bucket of. */
  readonly tag:
    | "shard of the account"
    | "shard of the resident"
    | "shard of the room"
    | "shard"
    | "shard of the group"
    | "network"
    | "tickets"
    | "installation";
  readonly life: string;
  readonly holds: string;
}

export const KEY_TABLE = {
  lane: {
    pattern: "{s<n>}:lane:<lane>",
    type: "stream",
    tag: "shard",
    life: "until its last entry is done",
    holds:
      "Entries of one lane, oldest first; field `b` is the body as JSON, `at` when it came back from what is parked. Never trimmed unread",
  },
  waiting: {
    pattern: "{s<n>}:waiting",
    type: "set",
    tag: "shard",
    life: "for ever",
    holds: "Names of the shard's lanes that have entries",
  },
  last: {
    pattern: "{s<n>}:last",
    type: "string",
    tag: "shard",
    life: "for ever",
    holds: "The youngest entry id given out in the shard; the next one is greater, whatever the clock does",
  },
  recent: {
    pattern: "{s<n>}:recent",
    type: "hash",
    tag: "shard",
    life: "for ever, 4 096 fields",
    holds: "Results of the last appends and retries by the caller's id, so that a repeat adds nothing",
  },
  recentOrder: {
    pattern: "{s<n>}:recent-order",
    type: "list",
    tag: "shard",
    life: "for ever, 4 096 items",
    holds: "The fields of `recent`, oldest first",
  },
  batch: {
    pattern: "{s<n>}:batch:<home>:<batch>",
    type: "string",
    tag: "shard",
    life: "7 days",
    holds: "Mark of a home's batch (a Matrix transaction) whose part for this shard is stored",
  },
  seen: {
    pattern: "{s<n>}:seen:<account>",
    type: "zset",
    tag: "shard of the account",
    life: "30 days after its last message, 10 000 members",
    holds:
      "Hashes, with the home, of the network's ids of messages that waited there and are stored, by when they were last handed over",
  },
  told: {
    pattern: "{s<n>}:told:<account>",
    type: "zset",
    tag: "shard of the account",
    life: "until unlinked, 5 000 members",
    holds: "What the owners have been told and need not hear again (a friend request, that a contact is away), by time",
  },
  parked: {
    pattern: "{s<n>}:parked:<account or resident>",
    type: "hash",
    tag: "shard",
    life: "until retried, unlinked or pushed out by 1 000 younger ones",
    holds: "Parked entries: `r:<id>` record, `b:<id>` body, `n:<id>` its names, `m:<message>` id",
  },
  parkedOrder: {
    pattern: "{s<n>}:parked-order:<account or resident>",
    type: "list",
    tag: "shard",
    life: "as `parked`",
    holds: "Ids of the parked entries, oldest first",
  },
  lease: {
    pattern: "{s<n>}:lease",
    type: "string",
    tag: "shard",
    life: "the lease's time to live",
    holds: "Who runs the shard: fence and owner",
  },
  fence: {
    pattern: "{s<n>}:fence",
    type: "string",
    tag: "shard",
    life: "for ever",
    holds: "The youngest fencing token of the shard",
  },
  account: {
    pattern: "{s<n>}:account:<account>",
    type: "hash",
    tag: "shard of the account",
    life: "until unlinked",
    holds:
      "Owners (`owner`, with blanks between), machine GUID, wishes, halt, and the password sealed with AES-256-GCM",
  },
  accounts: {
    pattern: "{s<n>}:accounts",
    type: "set",
    tag: "shard",
    life: "for ever",
    holds: "Linked accounts of the shard",
  },
  linked: {
    pattern: "{s<n>}:linked:<resident>",
    type: "set",
    tag: "shard of the resident",
    life: "until unlinked",
    holds: "Accounts the resident may own; the account itself has the last word",
  },
  portal: {
    pattern: "{s<n>}:portal:<portal>",
    type: "hash",
    tag: "shard of the account",
    life: "until its last room is untied or the account unlinked",
    holds: "Room by JSON of [home, resident]",
  },
  portals: {
    pattern: "{s<n>}:portals:<account>",
    type: "set",
    tag: "shard of the account",
    life: "as its portals",
    holds: "Portals of the account",
  },
  room: {
    pattern: "{s<n>}:room:<home>:<room>",
    type: "string",
    tag: "shard of the room",
    life: "until untied",
    holds: "The portal or group that the room may belong to; the portal or group itself has the last word",
  },
  group: {
    pattern: "{s<n>}:group:<group>",
    type: "hash",
    tag: "shard of the group",
    life: "until dropped, or the last of its accounts is unlinked while no room is tied to it",
    holds:
      "`kind`, `circle`, `name`, `topic`, `members` and `relay` as JSON, `seat:<account>` of each account in it, `room:<home>` with the room as JSON, `said` when the last word was noted (Unix ms, at most every half minute), `called` when a worker has called it together, and which",
  },
  groups: {
    pattern: "{s<n>}:groups",
    type: "set",
    tag: "shard",
    life: "as its groups",
    holds: "Groups of the shard",
  },
  groupsOf: {
    pattern: "{s<n>}:groups:<account>",
    type: "hash",
    tag: "shard of the account",
    life: "until unlinked; after a rebuild it is there before the account is linked again",
    holds:
      "`s <group>` of each group in which the account may have a seat (the group itself has the last word), `k <group>` further keys of a group, oldest first, at most 64, `g <key>` the group of such a key",
  },
  groupReader: {
    pattern: "{s<n>}:reader:<group>",
    type: "string",
    tag: "shard of the group",
    life: "10 seconds after the last word",
    holds: "Who has read in the group: owner and boot; nobody else calls its people together meanwhile",
  },
  placeReader: {
    pattern: "{s<n>}:reading:<group> <digest of the place>",
    type: "string",
    tag: "shard of the group",
    life: "the lease's time to live",
    holds: "Who reads at that place of the group (a switchboard, the circle itself): owner and boot",
  },
  placeHeirs: {
    pattern: "{s<n>}:heirs:<group> <digest of the place>",
    type: "hash",
    tag: "shard of the group",
    life: "a second after the last was refused",
    holds:
      "Workers that have heard something while another read there: by owner, when they heard it and when they asked (Unix ms)",
  },
  placeWords: {
    pattern: "{s<n>}:read:<group> <digest of the place>",
    type: "stream",
    tag: "shard of the group",
    life: "a minute after the last word, 256 entries",
    holds:
      "What was read there, by the id of its first lane entry; field `w` has digests of who said it, of the words, and of who was there to hear them, so that another reader goes on behind it",
  },
  groupMessages: {
    pattern: "{s<n>}:messages:<group>",
    type: "hash",
    tag: "shard of the group",
    life: "as the group, 2 000 messages",
    holds:
      "`n <home> <message>` the number of a message, `m <number>` its names in all homes as JSON, `#` the last number",
  },
  groupMessageOrder: {
    pattern: "{s<n>}:message-order:<group>",
    type: "list",
    tag: "shard of the group",
    life: "as `messages`",
    holds: "Numbers of the messages, oldest first",
  },
  installation: {
    pattern: "{installation}:secrets",
    type: "hash",
    tag: "installation",
    life: "for ever",
    holds: "`mark`: the secret of which the marks on words in groups are made, sealed with AES-256-GCM",
  },
  contacts: {
    pattern: "{s<n>}:contacts:<account>",
    type: "hash",
    tag: "shard of the account",
    life: "until unlinked",
    holds: "Contact as JSON by address; field `#` is the revision of the list",
  },
  ghost: {
    pattern: "{s<n>}:ghost:<home>:<network>/<contact>",
    type: "hash",
    tag: "shard of the account",
    life: "for ever, 64 fields",
    holds: "What a home keeps about a ghost",
  },
  resident: {
    pattern: "{s<n>}:resident:<resident>",
    type: "hash",
    tag: "shard of the resident",
    life: "for ever, 64 fields",
    holds: "What a home keeps about a resident",
  },
  roomNotes: {
    pattern: "{s<n>}:rooms:<home>",
    type: "hash",
    tag: "shard of the room",
    life: "until the home drops it",
    holds:
      "What a home keeps about a room of its own (who it is for, up to where it was read; of a group chat at an XMPP component also who is in it, its last 30 messages, and words on their way to the store; of words that a server has sent back and that wait for somebody how often they were said and when), by room",
  },
  recall: {
    pattern: "{s<n>}:recall:<home>:<room>",
    type: "list",
    tag: "shard of the room",
    life: "7 days after its last word, 200 items of up to 32 KiB; until the chat's account is unlinked",
    holds:
      "What was said in a chat lately, oldest first, for answers, edits, removals and reactions after a restart (XMPP): text, speaker, ids; or words that wait for somebody; sealed with AES-256-GCM",
  },
  known: {
    pattern: "{s<n>}:known:<sha256 of resident and fact>",
    type: "string",
    tag: "shard of the resident",
    life: "as long as it need not be said again (1 day)",
    holds: "That somebody was told something, e.g. that pictures go out as a line that names them",
  },
  secrets: {
    pattern: "{s<n>}:secrets:<resident>",
    type: "hash",
    tag: "shard of the resident",
    life: "until taken back",
    holds:
      "Secrets that a resident has given to a home (access for double puppeting), or that open a room (the password of a conference), sealed with AES-256-GCM",
  },
  signIn: {
    pattern: "{n:<network>}:sign-in",
    type: "string",
    tag: "network",
    life: "until the bucket is full again",
    holds: "Token bucket of sign-ins of the whole fleet",
  },
  ticket: {
    pattern: "{tickets}:ticket:<sha256 of the token>",
    type: "hash",
    tag: "tickets",
    life: "as issued (10 minutes)",
    holds: "A one-time page: resident, account, purpose, tries",
  },
  ticketsOf: {
    pattern: "{tickets}:of:<resident>",
    type: "list",
    tag: "tickets",
    life: "as the youngest ticket",
    holds: "The resident's live tickets, oldest first, at most 5",
  },
  ticketUsed: {
    pattern: "{tickets}:used:<sha256 of the token>",
    type: "string",
    tag: "tickets",
    life: "10 minutes",
    holds: "Id of the request that used the ticket up, so that its repeat gets the same answer",
  },
} as const satisfies Record<string, KeyRow>;
