-- completes tasks that were locked before: the engine's limit, without fetching
local ids = {}
for line in io.lines(os.getenv("IDS")) do ids[#ids + 1] = line end
local number = 0

wrk.method = "POST"
wrk.body = '{"workerId":"bench-limit","variables":{"lab_order_id":{"value":"order 7","type":"String"}}}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = os.getenv("AUTHORIZATION")

request = function()
  number = number + 1
  return wrk.format(nil, "/engine-rest/external-task/" .. (ids[number] or "none-left") .. "/complete")
end
