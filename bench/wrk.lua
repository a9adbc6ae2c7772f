-- What wrk sends, and what it reports. Arguments: the number of requests in one write (pipelining); the size of the content of a
-- POST (0: a GET); the number of servers to ask in turn (0: the one of the URL), of all that there are, and of the locations in
-- each, as bench/configurations.ts names them. The last line printed is JSON, read by bench/load.ts.

-- So that neighbours in the file do not follow each other; it divides neither 10 nor 1,000.
local STEP = 7

function init(args)
  local pipelined, contentBytes = tonumber(args[1]), tonumber(args[2])
  local asked, servers, locations = tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
  if contentBytes > 0 then
    wrk.method = "POST"
    wrk.body = string.rep("x", contentBytes)
  end
  -- wrk writes a constant request without calling Lua, unless a function `request` exists: so only then.
  if pipelined > 1 then
    local requests = string.rep(wrk.format(), pipelined)
    request = function() return requests end
  elseif asked > 0 then
    local requests = requestsInTurn(asked, servers / asked, locations)
    local at = 0
    request = function()
      at = at % #requests + 1
      return requests[at]
    end
  end
end

function requestsInTurn(asked, apart, locations)
  local requests = {}
  for i = 0, asked * locations - 1 do
    local server, location = (i * STEP) % asked * apart, math.floor(i / asked)
    local headers = { Host = string.format("site-%03d.example.org", server) }
    requests[i + 1] = wrk.format("GET", "/hello/" .. location .. "/", headers)
  end
  return requests
end

function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '{"seconds":%f,"requests":%d,"bytes":%d,"refused":%d,"failed":{"connect":%d,"read":%d,"write":%d,"timeout":%d}}\n',
    summary.duration / 1e6, summary.requests, summary.bytes, errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
