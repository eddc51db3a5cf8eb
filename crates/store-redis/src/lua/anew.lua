-- Gives the feed another id and a number above what was lost, and appends a marker for everything; not if the feed is another one
-- by now than was found.
-- KEYS: stream, head, expiry, open. ARGV: id and sequence as found, new id, number to go on above, marker, when it expires.
local found = redis.call('HMGET', KEYS[2], 'id', 'sequence')
if found[1] ~= ARGV[1] or (found[2] or '0') ~= ARGV[2] then
  return 0
end
local above = math.max(tonumber(ARGV[2]), tonumber(ARGV[4]))
local sequence = string.format('%.0f', above + 1)
redis.call('HSET', KEYS[2], 'id', ARGV[3], 'sequence', sequence, 'forgotten', string.format('%.0f', above))
redis.call('XADD', KEYS[1], sequence .. '-0', 'm', ARGV[5])
redis.call('ZADD', KEYS[3], ARGV[6], sequence)
redis.call('HSET', KEYS[4], sequence, ARGV[5])
return 1
