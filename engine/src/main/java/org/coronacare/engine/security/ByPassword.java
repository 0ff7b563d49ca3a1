package org.coronacare.engine.security;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.context.annotation.Profile;

/** A component of sign-in by a password of the engine. An engine with both ways to sign in, or none, doesn't start. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Profile("password & !openid_connect")
@interface ByPassword {}
