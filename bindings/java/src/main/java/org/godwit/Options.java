// SPDX-License-Identifier: Apache-2.0
package org.godwit;

/** How a client is opened. */
public final class Options {
    String home;
    byte[] storeKey;
    String passphrase;
    String clientVersion;
    boolean allowLoopback;

    /** home: a folder of this device's account, made when it is missing. One client at a time. */
    public Options(String home) {
        this.home = whole("home", home);
    }

    /** 32 bytes from the platform's key store. */
    public Options storeKey(byte[] key) {
        if (key != null && key.length != 32) throw new IllegalArgumentException("storeKey: exactly 32 bytes");
        storeKey = key == null ? null : key.clone();
        return this;
    }

    /** Or a passphrase (Argon2id). With neither a random key is kept in the home: that protects copies of the database, not a stolen folder. */
    public Options passphrase(String text) {
        passphrase = whole("passphrase", text);
        return this;
    }

    /** Told to the relay, for "there is a newer client". */
    public Options clientVersion(String text) {
        clientVersion = whole("clientVersion", text);
        return this;
    }

    /** What a text of C would cut off, and UTF-8 has no bytes for: of a passphrase the rest would protect nothing. */
    private static String whole(String name, String text) {
        if (text != null && (text.indexOf('\0') >= 0 || !Client.isUtf16(text)))
            throw new IllegalArgumentException(name + ": without NUL characters and halves of surrogate pairs");
        return text;
    }

    /** Direct paths within one machine, for tests. */
    public Options allowLoopback(boolean allow) {
        allowLoopback = allow;
        return this;
    }
}
