import { CLOCK } from "./lua.ts";

/** Scripts of the sign-in bucket and of link tickets. */
export const LIMIT_SCRIPTS = {
  // KEYS bucket; ARGV ms per token, burst -> ms to wait, 0: go. The value is the time at which the bucket is full again.
  signInTake: `${CLOCK}
local now, each = clock(), tonumber(ARGV[1])
local room = each * tonumber(ARGV[2])
local full = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now), now + room)
local wait = math.ceil(full + each - room - now)
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.3f', full + each), 'PX', math.ceil(full + each - now))
return 0
`,
  // KEYS ticket, of-resident; ARGV hash, ms, max, ticket prefix, resident, account or '', purpose or '' -> 'ok'
  ticketIssue: `
redis.call('HSET', KEYS[1], 'resident', ARGV[5], 'account', ARGV[6], 'purpose', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('LREM', KEYS[2], 0, ARGV[1])
for _, hash in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if redis.call('EXISTS', ARGV[4] .. hash) == 0 then redis.call('LREM', KEYS[2], 0, hash) end
end
redis.call('RPUSH', KEYS[2], ARGV[1])
while redis.call('LLEN', KEYS[2]) > tonumber(ARGV[3]) do redis.call('DEL', ARGV[4] .. redis.call('LPOP', KEYS[2])) end
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return 'ok'
`,
  // KEYS ticket; ARGV id of the request -> tries so far with this one | 0: not valid
  ticketTry: `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('HGET', KEYS[1], 'request') ~= ARGV[1] then
  redis.call('HINCRBY', KEYS[1], 'tries', 1)
  redis.call('HSET', KEYS[1], 'request', ARGV[1])
end
return tonumber(redis.call('HGET', KEYS[1], 'tries'))
`,
  // KEYS ticket, used; ARGV id of the request, ms -> 1 | 0
  ticketConsume: `
if redis.call('GET', KEYS[2]) == ARGV[1] then return 1 end
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1
`,
} as const;
