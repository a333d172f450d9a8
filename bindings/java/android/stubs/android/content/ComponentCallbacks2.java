// SPDX-License-Identifier: Apache-2.0
package android.content;

public interface ComponentCallbacks2 extends ComponentCallbacks {
    void onTrimMemory(int level);
}
