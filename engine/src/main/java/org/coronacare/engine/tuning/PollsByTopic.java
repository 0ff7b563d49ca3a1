package org.coronacare.engine.tuning;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.camunda.bpm.engine.rest.impl.FetchAndLockHandlerImpl;
import org.camunda.bpm.engine.rest.impl.FetchAndLockRequest;
import org.camunda.bpm.engine.rest.impl.FetchAndLockResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Queries the topics of available external tasks once, and then fetches only for long polls that subscribe to one of them. Camunda
 * queries for each waiting poll whenever there is a new task, so that many idle workers slow down the others.
 */
public class PollsByTopic extends FetchAndLockHandlerImpl {

  private static final Logger LOG = LoggerFactory.getLogger(PollsByTopic.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  // used by the handler's thread only
  private Set<String> topics;

  /** Catches Errors, too: one would end the handler's thread, and no waiting poll would ever be answered. */
  @Override
  protected void acquire() {
    topics = null;
    try {
      super.acquire();
    } catch (RuntimeException | Error failed) {
      LOG.error("long polls: {}", failed.getClass().getName());
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  @Override
  protected FetchAndLockResult tryFetchAndLock(FetchAndLockRequest request) {
    boolean isNew = Thread.currentThread() != handlerThread;
    return isNew || hasTasksFor(request) ? super.tryFetchAndLock(request) : FetchAndLockResult.successful(List.of());
  }

  private boolean hasTasksFor(FetchAndLockRequest request) {
    try {
      if (topics == null) {
        topics = Set.copyOf(getProcessEngine(request).getExternalTaskService().getTopicNames(false, true, true));
      }
    } catch (RuntimeException e) {
      // the fetch itself meets the same error, and answers its client with it
      return true;
    }
    return request.getDto().getTopics().stream().anyMatch(topic -> topics.contains(topic.getTopicName()));
  }
}
