/** Scripts of what was said lately. */
export const RECALL_SCRIPTS = {
  // KEYS recall; ARGV piece, max, life ms -> 'ok'
  recallKeep: `
if redis.call('LINDEX', KEYS[1], -1) ~= ARGV[1] then redis.call('RPUSH', KEYS[1], ARGV[1]) end
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[2]), -1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 'ok'
`,
} as const;
