import { FENCED, FORGET, LEAVE, NEXT_ID, REMEMBER } from "./lua.ts";

/** Scripts of lanes and of what is parked. Each returns a word or a list of words; none raises an error of its own. */
export const LANE_SCRIPTS = {
  // KEYS stream, waiting, last, recent, recent-order; ARGV lane, body, once, max entries, max recent -> id | 'full'
  laneAppend: `${NEXT_ID}${REMEMBER}
local before = redis.call('HGET', KEYS[4], ARGV[3])
if before then return before end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end
local id = nextid(KEYS[3])
redis.call('XADD', KEYS[1], id, 'b', ARGV[2])
redis.call('SADD', KEYS[2], ARGV[1])
remember(KEYS[4], KEYS[5], ARGV[3], id, tonumber(ARGV[5]))
return id
`,
  // KEYS stream, waiting, last, seen; ARGV lane, body, id, max entries, ms that ids live, max ids
  // -> id | 'seen' | 'full'
  laneAppendOnce: `${NEXT_ID}
local now = clock()
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('%.0f', now - tonumber(ARGV[5])))
local function see()
  redis.call('ZADD', KEYS[4], string.format('%.0f', now), ARGV[3])
  redis.call('PEXPIRE', KEYS[4], ARGV[5])
end
if redis.call('ZSCORE', KEYS[4], ARGV[3]) then
  see()
  return 'seen'
end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end
local id = nextid(KEYS[3])
redis.call('XADD', KEYS[1], id, 'b', ARGV[2])
redis.call('SADD', KEYS[2], ARGV[1])
see()
local over = redis.call('ZCARD', KEYS[4]) - tonumber(ARGV[6])
if over > 0 then redis.call('ZREMRANGEBYRANK', KEYS[4], 0, over - 1) end
return id
`,
  // KEYS mark, waiting, last, stream…; ARGV seconds, max entries, lane…(as streams), then (stream number, body)…
  // -> 'stored' | 'repeated' | 'full'
  laneIntake: `${NEXT_ID}
if redis.call('EXISTS', KEYS[1]) == 1 then return 'repeated' end
local lanes = #KEYS - 3
local more = {}
for i = 3 + lanes, #ARGV, 2 do more[ARGV[i]] = (more[ARGV[i]] or 0) + 1 end
for i = 1, lanes do
  if redis.call('XLEN', KEYS[3 + i]) + (more[tostring(i)] or 0) > tonumber(ARGV[2]) then return 'full' end
end
for i = 1, lanes do redis.call('SADD', KEYS[2], ARGV[2 + i]) end
for i = 3 + lanes, #ARGV, 2 do
  redis.call('XADD', KEYS[3 + tonumber(ARGV[i])], nextid(KEYS[3]), 'b', ARGV[i + 1])
end
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
return 'stored'
`,
  // KEYS stream, waiting, fence; ARGV lane, id, token, other ids… -> 'ok' | 'fenced'
  laneDone: `${FENCED}${LEAVE}
if fenced(KEYS[3], ARGV[3]) then return 'fenced' end
for i = 4, #ARGV do redis.call('XDEL', KEYS[1], ARGV[i]) end
leave(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
return 'ok'
`,
  // KEYS stream, waiting, fence, last, stream of each copy…; ARGV lane, id, token, max entries, then lane, body of each copy…, other ids…
  // -> 'fenced' | number of copies for which there was no room
  laneDoneCopying: `${FENCED}${LEAVE}${NEXT_ID}
if fenced(KEYS[3], ARGV[3]) then return 'fenced' end
local dropped = 0
if #redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2]) > 0 then
  for i = 5, #KEYS do
    local lane, body = ARGV[2 * i - 5], ARGV[2 * i - 4]
    if redis.call('XLEN', KEYS[i]) >= tonumber(ARGV[4]) then
      dropped = dropped + 1
    else
      redis.call('XADD', KEYS[i], nextid(KEYS[4]), 'b', body)
      redis.call('SADD', KEYS[2], lane)
    end
  end
end
for i = 2 * #KEYS - 3, #ARGV do redis.call('XDEL', KEYS[1], ARGV[i]) end
leave(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
return tostring(dropped)
`,
  // KEYS stream, waiting, fence, parked, parked-order, group; ARGV lane, id, token, record, name or '', max, '' or the home while
  // whose room of the group has stopped it is parked -> 'fenced' | 'gone' | 'open' | number of older ones that had to go
  lanePark: `${FENCED}${LEAVE}${FORGET}
if fenced(KEYS[3], ARGV[3]) then return 'fenced' end
local found = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])
if #found == 0 then return 'gone' end
local tie = ARGV[7] ~= '' and redis.call('HGET', KEYS[6], 'room:' .. ARGV[7])
if ARGV[7] ~= '' and not (tie and cjson.decode(tie).parked) then return 'open' end
local id, name = ARGV[2], ARGV[5]
redis.call('HSET', KEYS[4], 'r:' .. id, ARGV[4], 'b:' .. id, found[1][2][2], 'n:' .. id, '[]')
if name ~= '' then redis.call('HSET', KEYS[4], 'm:' .. name, id, 'n:' .. id, cjson.encode({ name })) end
redis.call('RPUSH', KEYS[5], id)
leave(KEYS[1], KEYS[2], ARGV[1], id)
local dropped = 0
while redis.call('LLEN', KEYS[5]) > tonumber(ARGV[6]) do
  forget(KEYS[4], redis.call('LPOP', KEYS[5]))
  dropped = dropped + 1
end
return tostring(dropped)
`,
  // KEYS parked; ARGV name, other name, max names -> 'ok' | 'gone'
  laneAlias: `
local id = redis.call('HGET', KEYS[1], 'm:' .. ARGV[1])
if not id then return 'gone' end
local names, kept = cjson.decode(redis.call('HGET', KEYS[1], 'n:' .. id)), {}
for _, name in ipairs(names) do if name ~= ARGV[2] then kept[#kept + 1] = name end end
if #kept >= tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], 'm:' .. table.remove(kept, 2)) end
kept[#kept + 1] = ARGV[2]
redis.call('HSET', KEYS[1], 'm:' .. ARGV[2], id, 'n:' .. id, cjson.encode(kept))
return 'ok'
`,
  // KEYS parked, parked-order, waiting, last, recent, recent-order;
  // ARGV id or name, once, max entries, lane prefix, max recent, time -> lane | 'none' | 'full'
  laneRetry: `${NEXT_ID}${REMEMBER}${FORGET}
local before = redis.call('HGET', KEYS[5], ARGV[2])
if before then return before end
local id = redis.call('HEXISTS', KEYS[1], 'r:' .. ARGV[1]) == 1 and ARGV[1] or redis.call('HGET', KEYS[1], 'm:' .. ARGV[1])
if not id then return 'none' end
local lane = cjson.decode(redis.call('HGET', KEYS[1], 'r:' .. id)).lane
local stream = ARGV[4] .. lane
if redis.call('XLEN', stream) >= tonumber(ARGV[3]) then return 'full' end
redis.call('XADD', stream, nextid(KEYS[4]), 'b', redis.call('HGET', KEYS[1], 'b:' .. id), 'at', ARGV[6])
redis.call('SADD', KEYS[3], lane)
forget(KEYS[1], id)
redis.call('LREM', KEYS[2], 1, id)
remember(KEYS[5], KEYS[6], ARGV[2], lane, tonumber(ARGV[5]))
return lane
`,
  // KEYS stream, waiting, parked, parked-order; ARGV lane, then '' or a resident: only these ids…, and what is parked of theirs -> 'ok'
  laneDrop: `${FORGET}${LEAVE}
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
  redis.call('SREM', KEYS[2], ARGV[1])
end
for i = 3, #ARGV do leave(KEYS[1], KEYS[2], ARGV[1], ARGV[i]) end
for _, id in ipairs(redis.call('LRANGE', KEYS[4], 0, -1)) do
  local of = cjson.decode(redis.call('HGET', KEYS[3], 'r:' .. id))
  if of.lane == ARGV[1] and (ARGV[2] == '' or of.resident == ARGV[2]) then
    forget(KEYS[3], id)
    redis.call('LREM', KEYS[4], 1, id)
  end
end
return 'ok'
`,
  // KEYS parked, parked-order; ARGV count, resident or '', lane or '' -> ids and records by turns, oldest first
  laneParked: `
local records = {}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  local record = redis.call('HGET', KEYS[1], 'r:' .. id)
  local of = cjson.decode(record)
  if (ARGV[2] == '' or of.resident == ARGV[2]) and (ARGV[3] == '' or of.lane == ARGV[3]) then
    records[#records + 1] = id
    records[#records + 1] = record
  end
  if #records >= 2 * tonumber(ARGV[1]) then break end
end
return records
`,
} as const;
