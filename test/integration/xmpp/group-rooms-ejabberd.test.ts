import { playGroupRooms } from "./group-scenes.ts";

playGroupRooms("ejabberd");
