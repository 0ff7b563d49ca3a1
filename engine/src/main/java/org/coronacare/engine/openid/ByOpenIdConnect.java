package org.coronacare.engine.openid;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.context.annotation.Profile;

/** A component of sign-in by OpenID Connect. An engine with both ways to sign in, or none, doesn't start. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Profile("openid_connect & !password")
@interface ByOpenIdConnect {}
