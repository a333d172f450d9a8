// SPDX-License-Identifier: Apache-2.0
package org.godwit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The C ABI. Handles are checked on the other side: one that was closed harms nobody. */
final class Native {
    private Native() {}

    /** What open, check, repair and resume were refused with, as JSON. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        final byte[] json;

        Refused(byte[] json) {
            this.json = json;
        }
    }

    static native byte[] version();

    static native long open(byte[] home, byte[] storeKey, byte[] passphrase, byte[] version, boolean loopback) throws Refused;

    static native byte[] check(byte[] home, byte[] storeKey, byte[] passphrase, boolean repair) throws Refused;

    static native int request(long handle, byte[] json);

    static native byte[] next(long handle, int timeoutMs);

    static native int networkChanged(long handle);

    static native int pushReceived(long handle, byte[] payload);

    static native int trimMemory(long handle);

    static native int suspend(long handle, int deadlineMs);

    static native void resume(long handle) throws Refused;

    static native int pushAudio(long handle, byte[] call, short[] samples, int count);

    static native int pullAudio(long handle, byte[] call, short[] samples);

    static native boolean pushPicture(long handle, byte[] call, int width, int height, ByteBuffer i420, int bytes);

    /** Bytes of the picture in `into`, whose room is that of the largest there is; 0: none. `size`: its width and height. */
    static native int pullPicture(long handle, byte[] call, byte[] device, int[] size, ByteBuffer into);

    static native void close(long handle);

    static {
        load();
    }

    /** On Android, and where java.library.path has it, the system's loader finds it; else it is in the jar. */
    private static void load() {
        String folder = "/native/" + System.getProperty("os.name").toLowerCase() + "-" + System.getProperty("os.arch") + "/";
        if (Native.class.getResource(folder + "libgodwit_jni.so") == null) {
            System.loadLibrary("godwit_jni");
            return;
        }
        try {
            Path home = Files.createTempDirectory("godwit-native-");
            home.toFile().deleteOnExit();
            for (String name : new String[] {"libgodwit.so.0", "libgodwit_jni.so"}) {
                Path file = home.resolve(name);
                try (InputStream in = Native.class.getResourceAsStream(folder + name)) {
                    Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
                }
                file.toFile().deleteOnExit();
                System.load(file.toString());
            }
        } catch (IOException trouble) {
            throw new ExceptionInInitializerError(trouble);
        }
    }
}
