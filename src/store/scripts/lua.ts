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
