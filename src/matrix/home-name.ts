import { type HomeName, parseHomeName } from "../bridge/model.ts";

/** Begins the ids of those who live on Matrix. */
export const MATRIX: HomeName = parseHomeName("matrix");
