export type { CircleMember, CircleRole, CircleState } from "../soap/circles.ts";
export { MsnClient } from "./client.ts";
export type { Endpoints } from "./endpoints.ts";
export type { SendCode, SignInCode, SignInStage } from "./errors.ts";
export { SendError, SignInError } from "./errors.ts";
export type { Offline } from "./offline.ts";
export { mediaText } from "./personal-message.ts";
export type { AddOptions, Privacy, Roster } from "./roster.ts";
export type { RosterErrorCode } from "./roster-errors.ts";
export { RosterError, toRosterError } from "./roster-errors.ts";
export type { Timeouts } from "./timeouts.ts";
export { DEFAULT_TIMEOUTS } from "./timeouts.ts";
export type {
  Circles,
  ClientState,
  CloseReason,
  Conversation,
  ConversationRole,
  CurrentMedia,
  IncomingMessage,
  ListName,
  MsnCircle,
  MsnClientEvents,
  MsnClientOptions,
  MsnContact,
  MsnEndpoint,
  MsnSelf,
  MsnServices,
  OfflineMessage,
  PersonalMessage,
  SendOptions,
} from "./types.ts";
export type { UserNotification, UserNotificationKind } from "./user-notification.ts";
