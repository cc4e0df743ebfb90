import type { Chat } from "./home-side.ts";

/** A chat for the bare loop, with the lane of its words in the store. */
export interface Post extends Chat {
  readonly lane: string;
}

/** Something that a resident has said in a chat. */
export interface Said {
  readonly post: Post;
  readonly body: string;
  /** As it is stored. */
  readonly raw: unknown;
}

/** What was said together is stored together, under one name. Resolves when the home may be told that it has been taken. */
export type Hear = (batch: string, said: readonly Said[]) => Promise<() => void>;

/** What the bare loop says to a home and hears from it: the same as the bridge, and nothing else. */
export interface BareHome {
  /** The ghost says it. Resolves when the home's server has it for sure. */
  post(post: Post, text: string): Promise<void>;
  /** Tells a resident that what they said has arrived. */
  confirm(raw: unknown): Promise<void>;
  /** Listens to the residents of these chats. @returns where, as their server needs it */
  listen(posts: readonly Post[], hear: Hear): Promise<string>;
}

export type BareHomeOptions =
  | {
      readonly kind: "matrix";
      readonly url: string;
      readonly token: string;
      readonly bot: string;
      /** The ghosts' device, where they have one. */
      readonly device?: string;
    }
  | { readonly kind: "xmpp"; readonly port: number; readonly secret: string; readonly domain: string };
