// SPDX-License-Identifier: Apache-2.0
package org.godwit.android;

import android.content.ComponentCallbacks2;
import android.content.Context;
import android.content.res.Configuration;
import android.net.ConnectivityManager;
import android.net.LinkProperties;
import android.net.Network;
import org.godwit.Client;

/**
 * Tells a client what Android knows: that the network is another, and that memory is short. Make one beside the client, close it before.
 * Needs ACCESS_NETWORK_STATE.
 */
public final class Lifecycle implements AutoCloseable {
    private final Context context;
    private final Client client;
    private final ConnectivityManager connectivity;

    private final ConnectivityManager.NetworkCallback network = new ConnectivityManager.NetworkCallback() {
        @Override
        public void onAvailable(Network network) {
            client.networkChanged();
        }

        @Override
        public void onLost(Network network) {
            client.networkChanged();
        }

        @Override
        public void onLinkPropertiesChanged(Network network, LinkProperties properties) {
            client.networkChanged();
        }
    };

    private final ComponentCallbacks2 memory = new ComponentCallbacks2() {
        @Override
        public void onTrimMemory(int level) {
            client.trimMemory();
        }

        @Override
        public void onLowMemory() {
            client.trimMemory();
        }

        @Override
        public void onConfigurationChanged(Configuration configuration) {}
    };

    public Lifecycle(Context context, Client client) {
        this.context = context.getApplicationContext();
        this.client = client;
        connectivity = (ConnectivityManager) this.context.getSystemService(Context.CONNECTIVITY_SERVICE);
        connectivity.registerDefaultNetworkCallback(network);
        this.context.registerComponentCallbacks(memory);
    }

    @Override
    public void close() {
        connectivity.unregisterNetworkCallback(network);
        context.unregisterComponentCallbacks(memory);
    }
}
