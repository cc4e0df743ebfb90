import { CLOCK } from "./lua.ts";

/**
 * Leases of shards (source: stack D "Exactly one owner of a puppet session"). A token is never smaller than Redis' time
 * in ms, so that tokens do not repeat even when a failover lost the youngest one. An acquire that is sent again gets a
 * new token as the same owner does, and that one is its answer.
 */
export const LEASE_SCRIPTS = {
  // KEYS lease, fence; ARGV owner, ms -> fence | 'taken'
  leaseAcquire: `${CLOCK}
local held = redis.call('GET', KEYS[1])
if held then
  local owner = string.match(held, '^%d+ (.*)$')
  if owner ~= ARGV[1] then return 'taken' end
end
local fence = string.format('%.0f', math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, clock()))
redis.call('SET', KEYS[2], fence)
redis.call('SET', KEYS[1], fence .. ' ' .. ARGV[1], 'PX', ARGV[2])
return fence
`,
  // KEYS lease; ARGV owner, fence, ms -> 1 | 0
  leaseRenew: `
local fence, owner = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (.*)$')
if fence ~= ARGV[2] or owner ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[3])
`,
  // KEYS lease; ARGV owner, fence -> 1 | 0
  leaseRelease: `
local fence, owner = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (.*)$')
if fence ~= ARGV[2] or owner ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`,
} as const;
