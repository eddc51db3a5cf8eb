-- Where the feed stands, and its markers after a number, as of one moment.
-- KEYS: stream, head. ARGV: number, at most how many.
return {
  redis.call('HMGET', KEYS[2], 'id', 'sequence', 'forgotten'),
  redis.call('XRANGE', KEYS[1], '(' .. ARGV[1] .. '-18446744073709551615', '+', 'COUNT', ARGV[2]),
}
