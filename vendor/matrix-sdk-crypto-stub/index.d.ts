export type StoreType = number;
export class OlmMachine {}
