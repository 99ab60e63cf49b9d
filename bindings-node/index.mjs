import cors from './index.js';

export default cors;
export const { ConfigError, Policy, mcp } = cors;
