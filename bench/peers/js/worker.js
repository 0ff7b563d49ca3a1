// Camunda's JavaScript client in its fastest configuration: no pause between polls, and one concurrent task per slot.
import { BasicAuthInterceptor, Client, Variables } from "camunda-external-task-client-js";

const { ENGINE_URL, ENGINE_USERNAME, ENGINE_PASSWORD, SLOTS, WAIT_S } = process.env;

const client = new Client({
  baseUrl: `${ENGINE_URL}/engine-rest`,
  workerId: "bench-js",
  maxTasks: Number(SLOTS),
  maxParallelExecutions: Number(SLOTS),
  interval: 0,
  asyncResponseTimeout: 5000,
  interceptors: new BasicAuthInterceptor({ username: ENGINE_USERNAME, password: ENGINE_PASSWORD }),
});

client.subscribe("bench.work", { lockDuration: 20000, variables: ["sample_number"] }, async ({ task, taskService }) => {
  if (Number(WAIT_S)) {
    await new Promise((resolve) => setTimeout(resolve, Number(WAIT_S) * 1000));
  }
  const result = new Variables().set("lab_order_id", `order ${task.variables.get("sample_number")}`);
  await taskService.complete(task, result);
});
