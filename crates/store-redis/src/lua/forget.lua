-- Forgets markers that have expired and whose work is done; returns how many.
-- KEYS: stream, head, expiry, open. ARGV: now, at most how many.
local limit = tonumber(ARGV[2])
local more = limit + redis.call('HLEN', KEYS[4])
local expired = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[1], 'LIMIT', 0, more)
local forgotten = tonumber(redis.call('HGET', KEYS[2], 'forgotten') or '0')
local count = 0
for _, sequence in ipairs(expired) do
  if count < limit and redis.call('HEXISTS', KEYS[4], sequence) == 0 then
    redis.call('XDEL', KEYS[1], sequence .. '-0')
    redis.call('ZREM', KEYS[3], sequence)
    forgotten = math.max(forgotten, tonumber(sequence))
    count = count + 1
  end
end
if count > 0 then
  redis.call('HSET', KEYS[2], 'forgotten', string.format('%.0f', forgotten))
end
return count
