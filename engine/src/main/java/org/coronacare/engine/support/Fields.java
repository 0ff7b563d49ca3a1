package org.coronacare.engine.support;

import java.lang.reflect.Field;
import org.springframework.util.ReflectionUtils;

/** Reads private fields of the engine's commands, which have no accessors. */
public final class Fields {

  private Fields() {}

  /** A field of this class or a superclass, made accessible; a newer engine without such a field doesn't start. */
  public static Field of(Class<?> type, String name) {
    var field = ReflectionUtils.findField(type, name);
    if (field == null) {
      throw new IllegalStateException(type.getName() + " has no field " + name);
    }
    ReflectionUtils.makeAccessible(field);
    return field;
  }
}
