import { CLOCK, FORGET } from "./lua.ts";

/** Scripts of accounts, portals, contacts and profiles. */
export const ACCOUNT_SCRIPTS = {
  // KEYS account, accounts; ARGV id, owner, sealed, halt, spelling, then the fields of a new account…
  // -> the owners, with blanks between | 'taken': another one of the same home has it
  accountLink: `
local owners = redis.call('HGET', KEYS[1], 'owner')
if owners then
  local home, known = string.match(ARGV[2], '^[^:]+:'), false
  for owner in string.gmatch(owners, '%S+') do
    if owner == ARGV[2] then
      known = true
    elseif string.sub(owner, 1, #home) == home then
      return 'taken'
    end
  end
  if not known then
    owners = owners .. ' ' .. ARGV[2]
    redis.call('HSET', KEYS[1], 'owner', owners)
  end
else
  owners = ARGV[2]
  redis.call('HSET', KEYS[1], 'owner', owners, unpack(ARGV, 6))
end
redis.call('HSET', KEYS[1], 'sealed', ARGV[3], 'halt', ARGV[4], 'spelling', ARGV[5])
redis.call('SADD', KEYS[2], ARGV[1])
return owners
`,
  // KEYS account; ARGV number of fields to drop, their names…, then field, value… -> 'ok' | 'gone'
  accountUpdate: `
if redis.call('HEXISTS', KEYS[1], 'owner') == 0 then return 'gone' end
local drop = tonumber(ARGV[1])
for i = 2, 1 + drop do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = 2 + drop, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 'ok'
`,
  // KEYS account; ARGV sealed before, sealed now -> 1 | 0: renews the seal unless someone stored another password
  accountReseal: `
if redis.call('HGET', KEYS[1], 'sealed') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'sealed', ARGV[2])
return 1
`,
  // KEYS secrets; ARGV name, sealed before, sealed now -> 1 | 0: as accountReseal
  secretReseal: `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
`,
  // KEYS account, accounts, contacts, parked, parked-order, portals, waiting, seen, told;
  // ARGV id, portal prefix, lane prefix, then of the one owner who goes (all do: ''): id, home, field in portals
  // -> the owners who stay, with blanks between
  accountUnlink: `${FORGET}
local mine = '|' .. ARGV[1] .. '>'
local function dropLanes(goes)
  for _, lane in ipairs(redis.call('SMEMBERS', KEYS[7])) do
    local bar = string.find(lane, '|', 1, true)
    local kind = string.sub(lane, 1, bar - 1)
    if string.sub(lane, bar, bar + #mine - 1) == mine and goes(kind) then
      redis.call('DEL', ARGV[3] .. lane)
      redis.call('SREM', KEYS[7], lane)
    end
  end
end
local stay = {}
for owner in string.gmatch(ARGV[4] ~= '' and redis.call('HGET', KEYS[1], 'owner') or '', '%S+') do
  if owner ~= ARGV[4] then stay[#stay + 1] = owner end
end
if #stay > 0 then
  redis.call('HSET', KEYS[1], 'owner', table.concat(stay, ' '))
  for _, portal in ipairs(redis.call('SMEMBERS', KEYS[6])) do
    redis.call('HDEL', ARGV[2] .. portal, ARGV[6])
    if redis.call('EXISTS', ARGV[2] .. portal) == 0 then redis.call('SREM', KEYS[6], portal) end
  end
  dropLanes(function(kind) return kind == 'in:' .. ARGV[5] end)
  for _, id in ipairs(redis.call('LRANGE', KEYS[5], 0, -1)) do
    if cjson.decode(redis.call('HGET', KEYS[4], 'r:' .. id)).resident == ARGV[4] then
      forget(KEYS[4], id)
      redis.call('LREM', KEYS[5], 1, id)
    end
  end
  return table.concat(stay, ' ')
end
for _, portal in ipairs(redis.call('SMEMBERS', KEYS[6])) do redis.call('DEL', ARGV[2] .. portal) end
dropLanes(function(kind) return kind ~= 'control' end)
redis.call('DEL', KEYS[1], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[8], KEYS[9])
redis.call('SREM', KEYS[2], ARGV[1])
return ''
`,
  // KEYS portal, portals; ARGV portal id, field, room -> room that stood there before | ''
  portalBind: `
local before = redis.call('HGET', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('SADD', KEYS[2], ARGV[1])
if before and before ~= ARGV[3] then return before end
return ''
`,
  // KEYS portal, portals; ARGV portal id, home, room -> 'ok'
  portalUnbind: `
local rooms = redis.call('HGETALL', KEYS[1])
for i = 1, #rooms, 2 do
  if rooms[i + 1] == ARGV[3] and cjson.decode(rooms[i])[1] == ARGV[2] then redis.call('HDEL', KEYS[1], rooms[i]) end
end
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
return 'ok'
`,
  // KEYS room's index; ARGV portal, the one from which it is taken over or '' -> '' | portal that has it
  roomClaim: `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= ARGV[2] then return holder end
redis.call('SET', KEYS[1], ARGV[1])
return ''
`,
  // KEYS any; ARGV value -> 1 | 0: drops the key (a room's index, a group's reader) unless another value stands there by now
  dropValue: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`,
  // KEYS contacts; ARGV '1' to replace the whole list or '0', then address, contact… -> revision
  contactsSave: `
local changed, given = false, {}
for i = 2, #ARGV, 2 do
  given[ARGV[i]] = true
  if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1] then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    changed = true
  end
end
if ARGV[1] == '1' then
  for _, address in ipairs(redis.call('HKEYS', KEYS[1])) do
    if address ~= '#' and not given[address] then
      redis.call('HDEL', KEYS[1], address)
      changed = true
    end
  end
end
if changed then return redis.call('HINCRBY', KEYS[1], '#', 1) end
return tonumber(redis.call('HGET', KEYS[1], '#') or '0')
`,
  // KEYS account, told; ARGV what, max -> 'ok' | 'gone'
  accountTell: `${CLOCK}
if redis.call('HEXISTS', KEYS[1], 'owner') == 0 then return 'gone' end
redis.call('ZADD', KEYS[2], string.format('%.0f', clock()), ARGV[1])
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[2])
if over > 0 then redis.call('ZREMRANGEBYRANK', KEYS[2], 0, over - 1) end
return 'ok'
`,
  // KEYS profile; ARGV max fields, then field, value… -> 'ok' | 'full'
  profileUpdate: `
local new = 0
for i = 2, #ARGV, 2 do if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then new = new + 1 end end
if redis.call('HLEN', KEYS[1]) + new > tonumber(ARGV[1]) then return 'full' end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 'ok'
`,
} as const;
