package org.coronacare.engine;

import java.lang.reflect.Field;
import org.springframework.util.ReflectionUtils;

/** What the engine's commands were given, and tell nobody. */
final class Fields {

  private Fields() {}

  /** A field to read, of this class or one above; the engine doesn't start if a newer version of it has none. */
  static Field of(Class<?> type, String name) {
    var field = ReflectionUtils.findField(type, name);
    if (field == null) {
      throw new IllegalStateException(type.getName() + " has no field " + name);
    }
    ReflectionUtils.makeAccessible(field);
    return field;
  }
}
