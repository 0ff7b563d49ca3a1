import java.util.Map;
import org.camunda.bpm.client.ExternalTaskClient;
import org.camunda.bpm.client.interceptor.auth.BasicAuthProvider;

/** Camunda's Java client: it fetches as many tasks as there are slots, and works on them one after another. */
public final class BenchWorker {

  private BenchWorker() {}

  public static void main(String[] arguments) {
    Map<String, String> environment = System.getenv();
    long waitMs = Math.round(Double.parseDouble(environment.get("WAIT_S")) * 1000);
    ExternalTaskClient.create()
        .baseUrl(environment.get("ENGINE_URL") + "/engine-rest")
        .workerId("bench-java")
        .maxTasks(Integer.parseInt(environment.get("SLOTS")))
        .asyncResponseTimeout(5000)
        .disableBackoffStrategy()
        .addInterceptor(new BasicAuthProvider(environment.get("ENGINE_USERNAME"), environment.get("ENGINE_PASSWORD")))
        .build()
        .subscribe("bench.work")
        .lockDuration(20000)
        .variables("sample_number")
        .handler((task, service) -> {
          pause(waitMs);
          service.complete(task, Map.of("lab_order_id", "order " + task.getVariable("sample_number")));
        })
        .open();
  }

  private static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
