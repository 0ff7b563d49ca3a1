package org.coronacare.engine.support;

import java.util.ArrayList;
import java.util.List;

/** Lists in the engine's configuration, which are null until something is added. */
public final class Lists {

  private Lists() {}

  /** A list of what is there, which may be null, and another element. */
  public static <T> List<T> append(List<T> there, T another) {
    var all = new ArrayList<T>(there == null ? List.of() : there);
    all.add(another);
    return all;
  }
}
