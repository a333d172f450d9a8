// SPDX-License-Identifier: Apache-2.0
package android.net;

public class ConnectivityManager {
    public static class NetworkCallback {
        public void onAvailable(Network network) {}

        public void onLost(Network network) {}

        public void onLinkPropertiesChanged(Network network, LinkProperties properties) {}
    }

    public void registerDefaultNetworkCallback(NetworkCallback callback) {}

    public void unregisterNetworkCallback(NetworkCallback callback) {}
}
