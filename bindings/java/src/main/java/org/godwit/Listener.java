// SPDX-License-Identifier: Apache-2.0
package org.godwit;

/**
 * Who is told what happens. One at a time, in order; the next comes when this call has returned, which says that the event is dealt with: after
 * a crash the last received message is shown again, and stands in the history once. In Kotlin a {@code callbackFlow} whose block opens the
 * client with {@code trySendBlocking} as its listener is a Flow with back-pressure.
 */
public interface Listener {
    void onEvent(Event event);

    /** The client was closed: nothing comes any more. */
    default void onClosed() {}
}
