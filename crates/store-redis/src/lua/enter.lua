-- Adds a member to a sorted set, or lowers its score, and keeps the set at least so long.
-- KEYS: the set. ARGV: milliseconds (0: as long as it is kept), score, member.
redis.call('ZADD', KEYS[1], 'LT', ARGV[2], ARGV[3])
local ttl = tonumber(ARGV[1])
if ttl > 0 and redis.call('PTTL', KEYS[1]) < ttl then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 1
