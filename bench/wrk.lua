-- What wrk sends, and what it reports. Arguments: the number of requests in one write (pipelining), and the
-- size of the content of a POST (0: a GET). The last line printed is JSON, read by bench/load.ts.

function init(args)
  local pipelined, contentBytes = tonumber(args[1]), tonumber(args[2])
  if contentBytes > 0 then
    wrk.method = "POST"
    wrk.body = string.rep("x", contentBytes)
  end
  -- wrk writes a constant request without calling Lua, unless a function `request` exists: so only then.
  if pipelined > 1 then
    local requests = string.rep(wrk.format(), pipelined)
    request = function() return requests end
  end
end

function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"bytes":%d,"refused":%d,"failed":{"connect":%d,"read":%d,"write":%d,"timeout":%d}}\n',
    summary.requests, summary.bytes, errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
