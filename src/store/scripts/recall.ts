/** Scripts of what was said lately. */
export const RECALL_SCRIPTS = {
  // KEYS recall; ARGV max, life ms, piece… -> 'ok'
  recallKeep: `
if redis.call('LINDEX', KEYS[1], -1) ~= ARGV[#ARGV] then redis.call('RPUSH', KEYS[1], unpack(ARGV, 3)) end
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[1]), -1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'ok'
`,
} as const;
