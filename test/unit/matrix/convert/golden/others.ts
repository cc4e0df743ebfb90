import { standIn } from "../../../../../src/matrix/convert/others.ts";
import type { OneWayTable } from "../../../../support/golden.ts";

interface Event {
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}

const message = (msgtype: string, more: Readonly<Record<string, unknown>>): Event => ({
  type: "m.room.message",
  content: { msgtype, ...more },
});
const event = (type: string, content: Readonly<Record<string, unknown>>): Event => ({ type, content });

export const MATRIX_OTHERS: OneWayTable<Event> = {
  title: "Matrix events that are no text",
  about: "other kinds",
  from: "an event",
  loss: "MSN gets a line that names it; the sender is told once a day and kind that no more than this has gone out",
  convert: ({ type, content }) => standIn(type, content)?.line,
  showFrom: ({ type, content }) => {
    const { msgtype, ...more } = content;
    return `${String(msgtype ?? type)} ${JSON.stringify(more)}`;
  },
  cases: [
    { name: "a picture", from: message("m.image", { body: "cat.jpg" }), to: "[sent a picture: “cat.jpg”]" },
    {
      name: "a picture with words",
      from: message("m.image", { body: "look at *her*", filename: "cat.jpg" }),
      to: "[sent a picture: “cat.jpg”] look at *her*",
    },
    {
      name: "a picture whose words are its name",
      from: message("m.image", { body: "cat.jpg", filename: "cat.jpg" }),
      to: "[sent a picture: “cat.jpg”]",
    },
    { name: "a picture without a name", from: message("m.image", {}), to: "[sent a picture]" },
    { name: "a file", from: message("m.file", { body: "tax 2024.pdf" }), to: "[sent a file: “tax 2024.pdf”]" },
    { name: "a video", from: message("m.video", { body: "cat.mp4" }), to: "[sent a video: “cat.mp4”]" },
    { name: "a sound", from: message("m.audio", { body: "song.ogg" }), to: "[sent a sound: “song.ogg”]" },
    {
      name: "a voice message",
      from: message("m.audio", {
        body: "Voice message.ogg",
        "org.matrix.msc3245.voice": {},
        info: { duration: 75_400 },
      }),
      to: "[sent a voice message: 1:15]",
    },
    {
      name: "a voice message of nobody knows what length",
      from: message("m.audio", { body: "x.ogg", "org.matrix.msc3245.voice": {} }),
      to: "[sent a voice message]",
    },
    {
      name: "a place with a name",
      from: message("m.location", { body: "the old house", geo_uri: "geo:52.51,13.4;u=35" }),
      to: "[sent a location: “the old house” 52.51, 13.4]",
    },
    {
      name: "a place as clients send it",
      from: message("m.location", {
        body: "Location geo:52.51,13.4 as of 2024",
        geo_uri: "geo:52.51,13.4",
        "org.matrix.msc3488.location": { uri: "geo:52.51,13.4", description: "here" },
      }),
      to: "[sent a location: “here” 52.51, 13.4]",
    },
    {
      name: "a place that is none",
      from: message("m.location", { body: "?", geo_uri: "geo:x" }),
      to: "[sent a location: “?”]",
    },
    { name: "a sticker", from: { type: "m.sticker", content: { body: "hello" } }, to: "[sent a sticker: “hello”]" },
    {
      name: "a sticker of a long name of several lines",
      from: { type: "m.sticker", content: { body: `a\n\u202E${"b".repeat(200)}` } },
      to: `[sent a sticker: “a ${"b".repeat(96)}…”]`,
    },
    {
      name: "a poll",
      from: event("m.poll.start", {
        "m.poll": {
          question: { "m.text": [{ body: "Pizza?" }] },
          answers: [{ "m.text": [{ body: "yes" }] }, { "m.text": [{ body: "no" }] }, {}],
        },
      }),
      to: "[sent a poll: “Pizza?” yes / no]",
    },
    {
      name: "a poll of before it was settled",
      from: event("org.matrix.msc3381.poll.start", {
        "org.matrix.msc3381.poll.start": {
          question: { "org.matrix.msc1767.text": "Pizza?", body: "Pizza?" },
          answers: [{ "org.matrix.msc1767.text": "yes" }],
        },
      }),
      to: "[sent a poll: “Pizza?” yes]",
    },
    { name: "a poll of nothing", from: event("m.poll.start", { "m.poll": { answers: "no" } }), to: "[sent a poll]" },
    { name: "a call", from: { type: "m.call.invite", content: { call_id: "1" } }, to: "[tried to call]" },
    {
      name: "a call of a newer client",
      from: { type: "org.matrix.msc4075.rtc.notification", content: { notification_type: "ring" } },
      to: "[tried to call]",
    },
    {
      name: "a message of another kind",
      from: message("nic.custom.confetti", { body: "happy birthday\nto you!" }),
      to: "[nic.custom.confetti] happy birthday\nto you!",
    },
    {
      name: "an event of another kind with words",
      from: { type: "com.example.thing", content: { body: "for who knows no things" } },
      to: "[com.example.thing] for who knows no things",
    },
    { name: "one without words", from: { type: "com.example.thing", content: { x: 1 } }, to: undefined },
    { name: "a verification", from: message("m.key.verification.request", { body: "verify me" }), to: undefined },
    { name: "words", from: message("m.text", { body: "hi" }), to: undefined },
    {
      name: "a location that is shared while its sender moves",
      from: event("m.beacon_info", { live: true, timeout: 600_000, "m.asset": { type: "m.self" } }),
      to: "[shares their location]",
    },
    {
      name: "the same by its earlier name, with a name of its own",
      from: event("org.matrix.msc3672.beacon_info", { live: true, timeout: 600_000, description: "on my way" }),
      to: "[shares their location: “on my way”]",
    },
    { name: "the end of that", from: event("m.beacon_info", { live: false, timeout: 600_000 }), to: undefined },
    {
      name: "where its sender is by now",
      from: event("org.matrix.msc3672.beacon", { "org.matrix.msc3488.location": { uri: "geo:48.1,16.3" } }),
      to: undefined,
    },
  ],
};
