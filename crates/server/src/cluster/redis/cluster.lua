-- Everything that is done to the keys of connections, each call at once and undisturbed. Keys (all with the same time to live):
--   conn:{sid}           hash: user_id, game_id (the room it came into last), connected_at, last_seen (Unix seconds)
--   conn_games:{sid}     set of the rooms it is in
--   user_conn:{user}     the sid of the user's newest connection
--   user_conns:{user}    set of all of them
--   game_conns:{room}    set of the sids in that room
--   conns_seen           sorted set of all sids by last_seen, in milliseconds: finds the stale ones
-- Times are those of Redis, so that servers whose clocks differ agree on who is stale.
-- ARGV: what to do, by how many milliseconds the clock is set forward, the time to live in milliseconds, then what it needs.

local call = redis.call
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[2])
local ttl = ARGV[3]

local function seconds(ms)
  return string.format('%d.%03d', math.floor(ms / 1000), ms % 1000)
end

local function millis(text)
  return math.floor((tonumber(text) or 0) * 1000 + 0.5)
end

local function add(key, member)
  call('SADD', key, member)
  call('PEXPIRE', key, ttl)
end

local function connected_at(sid)
  return tonumber(call('HGET', 'conn:' .. sid, 'connected_at') or '')
end

-- user_conn names the newest connection there is, if there is one.
local function name_newest(user)
  local newest, at
  for _, sid in ipairs(call('SMEMBERS', 'user_conns:' .. user)) do
    local since = connected_at(sid)
    if since and (not at or since > at or (since == at and sid > newest)) then
      newest, at = sid, since
    end
  end
  if newest then
    call('SET', 'user_conn:' .. user, newest, 'PX', ttl)
  else
    call('DEL', 'user_conn:' .. user)
  end
end

local function keep(sid, user, rooms, since, seen)
  local conn, games = 'conn:' .. sid, 'conn_games:' .. sid
  -- Two clocks that are read one after the other may differ by a little: time does not go back for that.
  seen = math.max(seen, tonumber(call('ZSCORE', 'conns_seen', sid) or seen))
  local is_in = {}
  for _, room in ipairs(rooms) do
    is_in[room] = true
  end
  for _, room in ipairs(call('SMEMBERS', games)) do
    if not is_in[room] then
      call('SREM', 'game_conns:' .. room, sid)
      call('SREM', games, room)
    end
  end
  for _, room in ipairs(rooms) do
    add('game_conns:' .. room, sid)
    add(games, room)
  end
  call('HSETNX', conn, 'connected_at', seconds(since))
  call('HSET', conn, 'user_id', user, 'game_id', rooms[#rooms] or '', 'last_seen', seconds(seen))
  call('PEXPIRE', conn, ttl)
  add('user_conns:' .. user, sid)
  local named = call('GET', 'user_conn:' .. user)
  local before = named and named ~= sid and connected_at(named)
  if before and before > connected_at(sid) then
    call('PEXPIRE', 'user_conn:' .. user, ttl)
  else
    call('SET', 'user_conn:' .. user, sid, 'PX', ttl)
  end
  call('ZADD', 'conns_seen', seen, sid)
  call('PEXPIRE', 'conns_seen', ttl)
end

local function forget(sid, user)
  user = user or call('HGET', 'conn:' .. sid, 'user_id')
  for _, room in ipairs(call('SMEMBERS', 'conn_games:' .. sid)) do
    call('SREM', 'game_conns:' .. room, sid)
  end
  call('DEL', 'conn:' .. sid, 'conn_games:' .. sid)
  call('ZREM', 'conns_seen', sid)
  if user then
    call('SREM', 'user_conns:' .. user, sid)
    if call('GET', 'user_conn:' .. user) == sid then
      name_newest(user)
    end
  end
end

-- The connections in a set, those of one user left out if one is named, by sid and at most so many; and how many there are.
local function show(set, but, most)
  local sids, shown, total = call('SMEMBERS', set), {}, 0
  table.sort(sids)
  for _, sid in ipairs(sids) do
    local conn = call('HMGET', 'conn:' .. sid, 'user_id', 'connected_at', 'last_seen')
    if conn[1] and conn[1] ~= but then
      total = total + 1
      if total <= most then
        local rooms = call('SMEMBERS', 'conn_games:' .. sid)
        table.sort(rooms)
        local seen = millis(conn[3])
        shown[total] = { sid, conn[1], millis(conn[2]), seen, math.max(now - seen, 0), rooms }
      end
    end
  end
  return { total, shown }
end

local what, at = ARGV[1], 4

if what == 'keep' then
  -- Rows: sid, user, milliseconds since it connected, since it was heard from, how many rooms, the rooms.
  while ARGV[at] do
    local count, rooms = tonumber(ARGV[at + 4]), {}
    for i = 1, count do
      rooms[i] = ARGV[at + 4 + i]
    end
    keep(ARGV[at], ARGV[at + 1], rooms, now - tonumber(ARGV[at + 2]), now - tonumber(ARGV[at + 3]))
    at = at + 5 + count
  end
  return 0
elseif what == 'forget' then
  -- Pairs: sid, user.
  while ARGV[at] do
    forget(ARGV[at], ARGV[at + 1])
    at = at + 2
  end
  return 0
elseif what == 'prune' then
  -- After how many milliseconds of silence, and at most how many.
  local stale = call('ZRANGEBYSCORE', 'conns_seen', '-inf', '(' .. (now - tonumber(ARGV[at])), 'LIMIT', 0, ARGV[at + 1])
  for _, sid in ipairs(stale) do
    forget(sid)
  end
  return #stale
elseif what == 'of_user' then
  return show('user_conns:' .. ARGV[at], nil, tonumber(ARGV[at + 1]))
else
  return show('game_conns:' .. ARGV[at], ARGV[at + 2], tonumber(ARGV[at + 1]))
end
