export const ROOT: string;
export const VAR: string;
export const MODULES: string;
export const SYNAPSE_VENV: string;
