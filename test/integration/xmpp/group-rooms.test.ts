import { playGroupRooms } from "./group-scenes.ts";

playGroupRooms("prosody");
