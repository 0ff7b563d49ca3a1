package org.coronacare.engine;

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
 * Whenever there is a new external task, the engine looks for tasks for each long poll that waits. Here it looks which topics have any,
 * once, and then only for the polls that ask for one of those: many workers that wait cost the others nothing.
 */
public class PollsByTopic extends FetchAndLockHandlerImpl {

  private static final Logger LOG = LoggerFactory.getLogger(PollsByTopic.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  // by the handler's thread only
  private Set<String> topics;

  /** An Error would end the thread of the handler, and no poll that waits would ever be answered. */
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
    return isNew || mayFind(request) ? super.tryFetchAndLock(request) : FetchAndLockResult.successful(List.of());
  }

  private boolean mayFind(FetchAndLockRequest request) {
    try {
      if (topics == null) {
        topics = Set.copyOf(getProcessEngine(request).getExternalTaskService().getTopicNames(false, true, true));
      }
    } catch (RuntimeException e) {
      // the request itself meets with it, and tells whoever asked
      return true;
    }
    return request.getDto().getTopics().stream().anyMatch(topic -> topics.contains(topic.getTopicName()));
  }
}
