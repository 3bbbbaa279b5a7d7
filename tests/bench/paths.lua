-- paths.lua -- for wrk: the paths in the file $BENCH_PATHS, a line each, by turns. Requests are written once.
local requests, n = {}, 0

function init()
   for line in io.lines(os.getenv("BENCH_PATHS")) do
      requests[#requests + 1] = wrk.format("GET", line)
   end
   n = math.random(#requests)
end

function request()
   n = n % #requests + 1
   return requests[n]
end
