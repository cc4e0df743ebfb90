/** Lua that the scripts share; each script starts with the parts it needs. */

/** `fenced(key, token)`: a newer owner of the shard has taken over. */
export const FENCED = `
local function fenced(key, token)
  local newest = redis.call('GET', key)
  return newest and tonumber(newest) > tonumber(token)
end
`;

/** `clock()`: Redis' time in ms. */
export const CLOCK = `
local function clock()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
`;

/** `nextid(key)`: the shard's next entry id; time based, never repeated and never smaller, whatever the clock does. */
export const NEXT_ID = `${CLOCK}
local function nextid(key)
  local ms, seq = clock(), 0
  local last = redis.call('GET', key)
  if last then
    local lms, lseq = string.match(last, '^(%d+)-(%d+)$')
    if tonumber(lms) >= ms then ms, seq = tonumber(lms), tonumber(lseq) + 1 end
  end
  local id = string.format('%.0f-%.0f', ms, seq)
  redis.call('SET', key, id)
  return id
end
`;

/** `remember(hash, list, once, value, max)`: keeps the result of a call for its repeat; the oldest goes. */
export const REMEMBER = `
local function remember(hash, list, once, value, max)
  redis.call('HSET', hash, once, value)
  if redis.call('RPUSH', list, once) > max then redis.call('HDEL', hash, redis.call('LPOP', list)) end
end
`;

/** `leave(stream, waiting, lane, id)`: takes an entry out of its lane, and the lane out of the world when it is empty. */
export const LEAVE = `
local function leave(stream, waiting, lane, id)
  redis.call('XDEL', stream, id)
  if redis.call('XLEN', stream) == 0 then
    redis.call('DEL', stream)
    redis.call('SREM', waiting, lane)
  end
end
`;

/** `forget(parked, id)`: drops a parked entry with all its names. */
export const FORGET = `
local function forget(parked, id)
  local names = cjson.decode(redis.call('HGET', parked, 'n:' .. id) or '[]')
  for _, name in ipairs(names) do
    if redis.call('HGET', parked, 'm:' .. name) == id then redis.call('HDEL', parked, 'm:' .. name) end
  end
  redis.call('HDEL', parked, 'r:' .. id, 'b:' .. id, 'n:' .. id)
end
`;

/**
 * `revive(stream, waiting, parked, order, lane)`: puts all that is parked from a lane back where it stood in it, before what
 * has come since. Needs {@link CLOCK} and {@link FORGET}. All keep their ids: who has one of them in hand finds it, and does
 * not deal with it twice. A stream takes nothing in front, so it is written anew.
 */
export const REVIVE = `
local function sooner(a, b)
  local ams, aseq = string.match(a, '^(%d+)-(%d+)$')
  local bms, bseq = string.match(b, '^(%d+)-(%d+)$')
  if ams ~= bms then return tonumber(ams) < tonumber(bms) end
  return tonumber(aseq) < tonumber(bseq)
end
local function revive(stream, waiting, parked, order, lane)
  local back = {}
  for _, id in ipairs(redis.call('LRANGE', order, 0, -1)) do
    if cjson.decode(redis.call('HGET', parked, 'r:' .. id)).lane == lane then back[#back + 1] = id end
  end
  if #back == 0 then return end
  table.sort(back, sooner)
  local rest, at = redis.call('XRANGE', stream, '-', '+'), 1
  local function add(entry)
    redis.call('XADD', stream, entry[1], unpack(entry[2]))
    at = at + 1
  end
  local now = string.format('%.0f', clock())
  redis.call('DEL', stream)
  for _, id in ipairs(back) do
    while rest[at] and sooner(rest[at][1], id) do add(rest[at]) end
    redis.call('XADD', stream, id, 'b', redis.call('HGET', parked, 'b:' .. id), 'at', now)
    forget(parked, id)
    redis.call('LREM', order, 1, id)
  end
  while rest[at] do add(rest[at]) end
  redis.call('SADD', waiting, lane)
end
`;
