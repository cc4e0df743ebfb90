export { GhostNames } from "./convert/ghost.ts";
export { createMatrixHome, type MatrixHome } from "./home.ts";
export { MATRIX } from "./home-name.ts";
export { DEFAULT_LIMITS, type MatrixHomeOptions, type MatrixLimits } from "./options.ts";
export {
  coversGhosts,
  type PuppetRegistration,
  parsePuppetRegistration,
  parseRegistration,
  type Registration,
  type RegistrationFields,
  renderRegistration,
} from "./registration.ts";
