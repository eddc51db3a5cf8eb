-- Appends a marker and returns its number, or nothing if there is no feed.
-- KEYS: stream, head, expiry, open. ARGV: marker, when it expires, 1 if it is of many.
if redis.call('HEXISTS', KEYS[2], 'id') == 0 then
  return false
end
local sequence = string.format('%.0f', redis.call('HINCRBY', KEYS[2], 'sequence', 1))
redis.call('XADD', KEYS[1], sequence .. '-0', 'm', ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[2], sequence)
if ARGV[3] == '1' then
  redis.call('HSET', KEYS[4], sequence, ARGV[1])
end
return sequence
