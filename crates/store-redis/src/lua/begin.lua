-- Begins a feed if there is none: at 0, or if one was lost at the seconds since 1970, which are more than any feed has had
-- markers.
-- KEYS: head. ARGV: its id, 1 if one was lost.
if redis.call('HSETNX', KEYS[1], 'id', ARGV[1]) == 1 and ARGV[2] == '1' then
  local seconds = redis.call('TIME')[1]
  redis.call('HSET', KEYS[1], 'sequence', seconds, 'forgotten', seconds)
end
return redis.call('HMGET', KEYS[1], 'id', 'sequence', 'forgotten')
