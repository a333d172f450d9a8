// SPDX-License-Identifier: Apache-2.0
package android.content;

public abstract class Context {
    public static final String CONNECTIVITY_SERVICE = "connectivity";

    public abstract Context getApplicationContext();

    public abstract Object getSystemService(String name);

    public abstract void registerComponentCallbacks(ComponentCallbacks callback);

    public abstract void unregisterComponentCallbacks(ComponentCallbacks callback);
}
