-- One kind of load. Prints its result as the last line, in JSON.

local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local function lines(file)
  local all = {}
  for line in io.lines(file) do
    all[#all + 1] = line
  end
  return all
end

-- Arguments: kind, path, file with the token, file with values (of a POST: a prefix of names).
function init(args)
  local kind, path, token, values = args[1], args[2], args[3], args[4]
  wrk.headers["Authorization"] = "Bearer " .. lines(token)[1]
  local n = 0
  if kind == "create" then
    wrk.headers["Content-Type"] = "application/json"
    request = function()
      n = n + 1
      local body = string.format(
        '{"name":"%s-%d-%d","owners":["owner-%d"],"labels":{"tier":"gold","team":"none"}}', values, number, n, n % 100)
      return wrk.format("POST", path, nil, body)
    end
    return
  end
  local ready = {}
  for i, value in ipairs(lines(values)) do
    ready[i] = wrk.format("GET", path .. value)
  end
  -- each thread begins elsewhere
  n = number * 7919
  request = function()
    n = n + 1
    return ready[n % #ready + 1]
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\n{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"bad":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
