import { CLOCK, FORGET, NEXT_ID, REMEMBER, REVIVE } from "./lua.ts";

/** `tie()`: what a home's room is to the group, and that as JSON; `goOn()`: what has waited for that room goes on its way. */
const TIES = `${CLOCK}${FORGET}${REVIVE}
local function tie()
  local text = redis.call('HGET', KEYS[1], 'room:' .. ARGV[1])
  return text and cjson.decode(text), text
end
local function goOn() revive(KEYS[2], KEYS[3], KEYS[4], KEYS[5], ARGV[2]) end
`;

/** Scripts of groups, of the seats in them, and of what is said there. Each works within one shard. */
export const GROUP_SCRIPTS = {
  // KEYS group, groups; ARGV group id, '1' to take the relay away, then field, value… -> the group's hash | 'new': it needs a kind
  groupSave: `
local kind = redis.call('HEXISTS', KEYS[1], 'kind') == 1
for i = 3, #ARGV, 2 do kind = kind or ARGV[i] == 'kind' end
if not kind then return 'new' end
if ARGV[2] == '1' then redis.call('HDEL', KEYS[1], 'relay') end
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('SADD', KEYS[2], ARGV[1])
return redis.call('HGETALL', KEYS[1])
`,
  // KEYS group; ARGV account -> 'ok' | 'gone'
  groupSeat: `
if redis.call('HEXISTS', KEYS[1], 'kind') == 0 then return 'gone' end
redis.call('HSET', KEYS[1], 'seat:' .. ARGV[1], '1')
return 'ok'
`,
  // KEYS group; ARGV account, '1' when the account is no more and cannot be a relay either -> 'ok'
  groupLeave: `
redis.call('HDEL', KEYS[1], 'seat:' .. ARGV[1])
local relay = ARGV[2] == '1' and redis.call('HGET', KEYS[1], 'relay')
if relay and cjson.decode(relay).account == ARGV[1] then redis.call('HDEL', KEYS[1], 'relay') end
return 'ok'
`,
  // KEYS group, then of its lane to the home: stream, waiting, parked, parked-order; ARGV home, lane, room, the tie as JSON
  // -> the tie that stood there before | '' | nil: there is no such group. What waited for a stopped room goes on its way.
  groupTie: `${TIES}
if redis.call('HEXISTS', KEYS[1], 'kind') == 0 then return false end
local before, text = tie()
redis.call('HSET', KEYS[1], 'room:' .. ARGV[1], ARGV[4])
if before and before.parked and not cjson.decode(ARGV[4]).parked then goOn() end
return text or ''
`,
  // KEYS, ARGV as groupTie's, but at the end why it stops, or '' when it goes on, and where it is said to go on or '' -> 1 | 0: the home's room is not this one
  groupMark: `${TIES}
local now = tie()
if not now or now.room ~= ARGV[3] then return 0 end
local stopped = now.parked
now.parked = ARGV[4] ~= '' and ARGV[4] or nil
now.to = ARGV[5] ~= '' and ARGV[5] or nil
redis.call('HSET', KEYS[1], 'room:' .. ARGV[1], cjson.encode(now))
if stopped and not now.parked then goOn() end
return 1
`,
  // KEYS as groupTie's; ARGV home, lane, room, the tie that comes back or none -> 1 | 0: unties the home's room when it is this one;
  // what waited for it goes on its way
  groupUntie: `${TIES}
local now = tie()
if not now or now.room ~= ARGV[3] then return 0 end
if ARGV[4] then redis.call('HSET', KEYS[1], 'room:' .. ARGV[1], ARGV[4]) else redis.call('HDEL', KEYS[1], 'room:' .. ARGV[1]) end
if now.parked then goOn() end
return 1
`,
  // KEYS group, groups, waiting, then what goes with it…; ARGV group id, lane prefix, how: 'always', 'empty' (only when nobody has
  // a seat or a room), 'over' (nor waits anything for a home, apart from an entry in hand), lane and id of that or '' ''
  // -> 1 | 0 | lane to a home in which something waits
  groupDrop: `
local function mine(lane)
  local bar = string.find(lane, '|', 1, true)
  return string.sub(lane, bar + 1) == ARGV[1]
end
if ARGV[3] ~= 'always' then
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(field, 1, 5) == 'seat:' or string.sub(field, 1, 5) == 'room:' then return 0 end
  end
end
local lanes = redis.call('SMEMBERS', KEYS[3])
if ARGV[3] == 'over' then
  for _, lane in ipairs(lanes) do
    local from = lane == ARGV[4] and '(' .. ARGV[5] or '-'
    local isIn = string.sub(lane, 1, 3) == 'in:' and mine(lane)
    if isIn and #redis.call('XRANGE', ARGV[2] .. lane, from, '+', 'COUNT', 1) > 0 then return lane end
  end
end
for _, lane in ipairs(lanes) do
  if mine(lane) then
    redis.call('DEL', ARGV[2] .. lane)
    redis.call('SREM', KEYS[3], lane)
  end
end
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[1], unpack(KEYS, 4))
return 1
`,
  // KEYS account, groups of the account; ARGV group, further key or '', max keys, 'linked': none but linked accounts -> 'ok' | 'gone': it is not
  groupsTake: `
if ARGV[4] == 'linked' and redis.call('HEXISTS', KEYS[1], 'owner') == 0 then return 'gone' end
redis.call('HSET', KEYS[2], 's ' .. ARGV[1], '1')
if ARGV[2] == '' then return 'ok' end
local function keys(group)
  local all = {}
  for key in string.gmatch(redis.call('HGET', KEYS[2], 'k ' .. group) or '', '%S+') do all[#all + 1] = key end
  return all
end
local function save(group, all)
  if #all == 0 then redis.call('HDEL', KEYS[2], 'k ' .. group)
  else redis.call('HSET', KEYS[2], 'k ' .. group, table.concat(all, ' ')) end
end
local before = redis.call('HGET', KEYS[2], 'g ' .. ARGV[2])
if before then
  local rest = {}
  for _, key in ipairs(keys(before)) do if key ~= ARGV[2] then rest[#rest + 1] = key end end
  save(before, rest)
end
local all = keys(ARGV[1])
all[#all + 1] = ARGV[2]
redis.call('HSET', KEYS[2], 'g ' .. ARGV[2], ARGV[1])
while #all > tonumber(ARGV[3]) do redis.call('HDEL', KEYS[2], 'g ' .. table.remove(all, 1)) end
save(ARGV[1], all)
return 'ok'
`,
  // KEYS groups of the account; ARGV group -> 'ok': forgets the group, its further keys too
  groupsForget: `
for key in string.gmatch(redis.call('HGET', KEYS[1], 'k ' .. ARGV[1]) or '', '%S+') do
  redis.call('HDEL', KEYS[1], 'g ' .. key)
end
redis.call('HDEL', KEYS[1], 's ' .. ARGV[1], 'k ' .. ARGV[1])
return 'ok'
`,
  // KEYS reader of the place, its heirs, what was read there, reader of the group, waiting, last, recent, recent-order, stream…
  // ARGV reader, its owner, lease ms, ms for which it is an heir, ms for which the group has a reader, body, once, max entries,
  // max recent, print or '', known up to there ('' nothing, '*' never mind), max noted, ms for which it is noted,
  // ms since it was heard, lane…
  // -> {'read', known up to there} | {'other' | 'behind', ms, now, then id, print of each unknown one…} | number of the lane (from 0) that is full
  groupAppendRead: `${NEXT_ID}${REMEMBER}
local function name(i) return ARGV[7] .. ' ' .. ARGV[6 + i] end
local function owner(reader) return reader and string.match(reader, '^(.*) %S*$') end
local function unknown()
  if ARGV[11] == '*' then return {} end
  return redis.call('XRANGE', KEYS[3], ARGV[11] == '' and '-' or '(' .. ARGV[11], '+')
end
local function told(kind, ms, words)
  local reply = { kind, string.format('%.0f', ms), string.format('%.0f', clock()) }
  for _, word in ipairs(words) do
    reply[#reply + 1] = word[1]
    reply[#reply + 1] = word[2][2]
  end
  return reply
end
local before
for i = 9, #KEYS do before = before or redis.call('HGET', KEYS[7], name(i)) end
local now = clock()
local heard = now - tonumber(ARGV[14])
local function elder()
  local ms, heirs = 0, redis.call('HGETALL', KEYS[2])
  for i = 1, #heirs, 2 do
    local since, asked = string.match(heirs[i + 1], '^(%d+) (%d+)$')
    if heirs[i] ~= ARGV[2] and tonumber(since) < heard then ms = math.max(ms, asked + ARGV[4] - now) end
  end
  return ms
end
local reads = owner(redis.call('GET', KEYS[1]))
local ms = 0
if not reads then ms = elder() elseif reads ~= ARGV[2] then ms = math.max(1, redis.call('PTTL', KEYS[1])) end
if ms == 0 then
  if not reads then redis.call('HDEL', KEYS[2], ARGV[2]) end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
  redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[5])
elseif not before then
  if ARGV[11] ~= '*' then
    redis.call('HSET', KEYS[2], ARGV[2], string.format('%.0f %.0f', heard, now))
    redis.call('PEXPIRE', KEYS[2], ARGV[4])
  end
  return told('other', ms, unknown())
end
if not before then
  local words = unknown()
  if #words > 0 then return told('behind', 0, words) end
end
for i = 9, #KEYS do
  if redis.call('HEXISTS', KEYS[7], name(i)) == 0 and redis.call('XLEN', KEYS[i]) >= tonumber(ARGV[8]) then return i - 9 end
end
local first
for i = 9, #KEYS do
  if redis.call('HEXISTS', KEYS[7], name(i)) == 0 then
    local id = nextid(KEYS[6])
    first = first or id
    redis.call('XADD', KEYS[i], id, 'b', ARGV[6])
    redis.call('SADD', KEYS[5], ARGV[6 + i])
    remember(KEYS[7], KEYS[8], name(i), id, tonumber(ARGV[9]))
  end
end
if before then return { 'read', before } end
if ARGV[10] == '' or not first then return { 'read', ARGV[11] } end
redis.call('XADD', KEYS[3], 'MAXLEN', ARGV[12], first, 'w', ARGV[10])
redis.call('PEXPIRE', KEYS[3], ARGV[13])
return { 'read', first }
`,
  // KEYS reader of the place, reader of the group unless it reads elsewhere in it; ARGV reader -> 'ok': it reads there no more
  groupRelease: `
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
return 'ok'
`,
  // KEYS group; ARGV Unix ms -> 1 | 0: there is no such group
  groupTalked: `
if redis.call('HEXISTS', KEYS[1], 'kind') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'said', ARGV[1])
return 1
`,
  // KEYS group, reader; ARGV the reader's owner, Unix ms, ms since the last word, ms for which one alone calls -> 1 | 0
  groupCall: `
local said = tonumber(redis.call('HGET', KEYS[1], 'said') or '')
if not said or tonumber(ARGV[2]) - said > tonumber(ARGV[3]) then return 0 end
local reads = redis.call('GET', KEYS[2])
if reads and string.match(reads, '^(.*) %S*$') ~= ARGV[1] then return 0 end
local at, by = string.match(redis.call('HGET', KEYS[1], 'called') or '', '^(%d+) (.*)$')
if at and by ~= ARGV[1] and tonumber(ARGV[2]) - tonumber(at) < tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], 'called', ARGV[2] .. ' ' .. ARGV[1])
return 1
`,
  // KEYS messages, order; ARGV max messages, max names, then home, message… -> 'ok'
  groupSame: `
local mine, names, known = nil, {}, {}
local function take(number)
  for _, name in ipairs(cjson.decode(redis.call('HGET', KEYS[1], 'm ' .. number))) do
    local text = name[1] .. ' ' .. name[2]
    if not known[text] then
      known[text] = true
      names[#names + 1] = name
    end
  end
end
for i = 3, #ARGV, 2 do
  local number = redis.call('HGET', KEYS[1], 'n ' .. ARGV[i] .. ' ' .. ARGV[i + 1])
  if number and number ~= mine then
    take(number)
    if mine then
      redis.call('HDEL', KEYS[1], 'm ' .. number)
      redis.call('LREM', KEYS[2], 1, number)
      for _, name in ipairs(names) do redis.call('HSET', KEYS[1], 'n ' .. name[1] .. ' ' .. name[2], mine) end
    end
    mine = mine or number
  end
end
if not mine then
  mine = tostring(redis.call('HINCRBY', KEYS[1], '#', 1))
  redis.call('RPUSH', KEYS[2], mine)
end
for i = 3, #ARGV, 2 do
  local text = ARGV[i] .. ' ' .. ARGV[i + 1]
  if not known[text] then
    known[text] = true
    names[#names + 1] = { ARGV[i], ARGV[i + 1] }
    redis.call('HSET', KEYS[1], 'n ' .. text, mine)
  end
end
local function forget(name) redis.call('HDEL', KEYS[1], 'n ' .. name[1] .. ' ' .. name[2]) end
while #names > tonumber(ARGV[2]) do forget(table.remove(names)) end
redis.call('HSET', KEYS[1], 'm ' .. mine, cjson.encode(names))
while redis.call('LLEN', KEYS[2]) > tonumber(ARGV[1]) do
  local oldest = redis.call('LPOP', KEYS[2])
  for _, name in ipairs(cjson.decode(redis.call('HGET', KEYS[1], 'm ' .. oldest))) do forget(name) end
  redis.call('HDEL', KEYS[1], 'm ' .. oldest)
end
return 'ok'
`,
  // KEYS messages; ARGV home, message, the home whose name for it is asked for -> name | nil
  groupMessageIn: `
local number = redis.call('HGET', KEYS[1], 'n ' .. ARGV[1] .. ' ' .. ARGV[2])
if not number then return false end
for _, name in ipairs(cjson.decode(redis.call('HGET', KEYS[1], 'm ' .. number))) do
  if name[1] == ARGV[3] then return name[2] end
end
return false
`,
} as const;
