-- Notes how far the work of an open marker has come, or that it is done. Of one that is done already nothing is noted.
-- KEYS: open, swept. ARGV: sequence, id of the last session that was looked at, or nothing.
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
elseif redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
return 1
