import cors from './index.js';

export default cors;
export const {
  ConfigError,
  Policy,
  PolicyHandle,
  attach,
  decisionOf,
  mcp,
  verifyUpgrade,
  wrap,
} = cors;
