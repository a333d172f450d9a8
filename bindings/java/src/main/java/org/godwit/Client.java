// SPDX-License-Identifier: Apache-2.0
package org.godwit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * An account's device.
 *
 * <pre>
 *   request -> Native.request ------------+
 *                                         | godwit's own thread
 *   future, listener <- reader thread  <- +
 * </pre>
 *
 * Any method from any thread. Every future is completed exactly once; close completes what is left with {@link ErrorCode#CANCELLED}.
 */
public final class Client implements AutoCloseable {
    private static final Executor INLINE = Runnable::run;

    private final long handle;
    private final Listener listener;
    private final Executor executor;
    private final Thread reader;
    private final Map<Long, CompletableFuture<JSONObject>> pending = new HashMap<>();
    private long nextId = 1;
    private boolean closed;

    /** The library's version, e.g. "0.1.0". */
    public static String version() {
        return text(Native.version());
    }

    /** As the next, with a listener that is called on the client's own thread. */
    public static Client open(Options options, Listener listener) throws GodwitException {
        return open(options, listener, INLINE);
    }

    /**
     * Blocks while the store is opened. The executor runs the listener and completes futures: one task at a time, so whoever waits in one of them
     * for another (`join`, `get`) waits for ever. When it takes no more tasks, or was ended by `shutdownNow`, the client closes: what nobody was
     * told is told at the next open. An executor that drops a task in silence (DiscardPolicy) is none for this. A client that nobody has any more stays open, and so does its home, until it is closed or the process ends.
     */
    public static Client open(Options options, Listener listener, Executor executor) throws GodwitException {
        Objects.requireNonNull(listener, "listener");
        Objects.requireNonNull(executor, "executor");
        try {
            return new Client(Native.open(bytes(options.home), options.storeKey, bytes(options.passphrase), bytes(options.clientVersion), options.allowLoopback),
                    listener, executor);
        } catch (Native.Refused refused) {
            throw GodwitException.of(refused);
        }
    }

    /** Looks into a home that nobody has open, and changes nothing: {"sound":…,"findings":[…],…}. */
    public static JSONObject check(Options options) throws GodwitException {
        return rescue(options, false);
    }

    /** Makes a new store from what is undamaged, and keeps the damaged one beside it: {"was_sound":…,"complete":…,…}. */
    public static JSONObject repair(Options options) throws GodwitException {
        return rescue(options, true);
    }

    private static JSONObject rescue(Options options, boolean repair) throws GodwitException {
        try {
            return parse(Native.check(bytes(options.home), options.storeKey, bytes(options.passphrase), repair));
        } catch (Native.Refused refused) {
            throw GodwitException.of(refused);
        }
    }

    private Client(long handle, Listener listener, Executor executor) {
        this.handle = handle;
        this.listener = listener;
        this.executor = executor;
        reader = new Thread(this::read, "godwit");
        reader.setDaemon(true);
        reader.start();
    }

    // ---- requests

    /**
     * A request of {@link Schema.Do}, its fields as names and values in turn: {@code request(Do.SEND, "to", "bob", "text", "hi")}. Values: strings,
     * numbers, booleans, JSONObject, JSONArray. The future has the reply without "id" and "ok", or a {@link GodwitException}.
     */
    public CompletableFuture<JSONObject> request(String name, Object... fields) {
        if (fields.length % 2 != 0) throw new IllegalArgumentException("fields: names and values in turn");
        JSONObject object = new JSONObject();
        try {
            for (int i = 0; i < fields.length; i += 2) object.put((String) fields[i], fields[i + 1]);
        } catch (JSONException | ClassCastException wrong) {
            throw new IllegalArgumentException("fields: names and values in turn", wrong);
        }
        return request(name, object);
    }

    /** The same with the fields as an object, which is not kept. */
    public CompletableFuture<JSONObject> request(String name, JSONObject fields) {
        Objects.requireNonNull(fields, "fields: an empty object where there are none");
        CompletableFuture<JSONObject> reply = new CompletableFuture<>();
        JSONObject given;
        try {
            given = new JSONObject(fields.toString());
        } catch (JSONException wrong) {
            throw new IllegalArgumentException(wrong);
        }
        given.remove("id");
        given.remove("do");
        String rest = given.toString().substring(1);
        if (!isUtf16(rest)) {
            reply.completeExceptionally(new GodwitException("invalid_argument", "a text with half of a surrogate pair", 0));
            return reply;
        }
        synchronized (pending) {
            if (closed) {
                reply.completeExceptionally(new GodwitException("cancelled", "the client is closed", 0));
                return reply;
            }
            long id = nextId++;
            // The id stands first, so that it is read even where the rest cannot be.
            String line = "{\"id\":" + id + ",\"do\":" + JSONObject.quote(name) + (given.length() == 0 ? "" : ",") + rest;
            int refused = Native.request(handle, bytes(line));
            if (refused > 0)
                reply.completeExceptionally(GodwitException.of(refused));
            else
                pending.put(id, reply);
        }
        return reply;
    }

    // ---- the life of a program

    /** Addresses or routes changed: every path is looked at again. org.godwit.android calls it by itself. */
    public void networkChanged() {
        Native.networkChanged(handle);
    }

    /** A push message arrived: connects and fetches. False: suspended, or closed. */
    public boolean pushReceived(byte[] payload) {
        return Native.pushReceived(handle, payload) == 0;
    }

    public void trimMemory() {
        Native.trimMemory(handle);
    }

    /** Before the process is frozen: no lock is held and no I/O in flight afterwards. False: not within the time; it goes on, call again. */
    public boolean suspend(int deadlineMs) {
        int code = Native.suspend(handle, deadlineMs);
        synchronized (pending) {
            if (code != 0 && closed) throw new IllegalStateException("the client is closed");
        }
        return code == 0;
    }

    public void resume() throws GodwitException {
        try {
            Native.resume(handle);
        } catch (Native.Refused refused) {
            throw GodwitException.of(refused);
        }
    }

    // ---- sound and pictures of calls whose devices are "app". Any thread, each by one at a time for one call; nothing waits.

    /** Room for the largest picture there is, 1920 * 1088 pixels in I420, where odd sides round up. */
    public static final int PICTURE_BYTES_MAX = 1920 * 1088 * 3 / 2 + (1920 + 1920) / 2 + 1;

    /**
     * The first so many samples, of 48 kHz, 16 bits, mono. How many were taken: fewer when 200 ms wait already, 0 when there is no such call or it
     * has no media yet.
     */
    public int pushAudio(String call, short[] samples, int count) {
        if (count < 0) throw new IllegalArgumentException("count: " + count);
        return Native.pushAudio(handle, bytes(call), samples, Math.min(count, samples.length));
    }

    /** How many samples there were: play silence for the rest. */
    public int pullAudio(String call, short[] samples) {
        return Native.pullAudio(handle, bytes(call), Objects.requireNonNull(samples, "samples"));
    }

    /**
     * I420 without gaps, from the buffer's position to its limit: width * height bytes of luma, then U and V of ((width + 1) / 2) * ((height + 1) /
     * 2) each. The buffer is a direct one, and may be used again at once. A picture that was not sent yet gives way to it. False: no such call, or
     * not of a size that a picture may have.
     */
    public boolean pushPicture(String call, int width, int height, ByteBuffer i420) {
        if (!i420.isDirect()) throw new IllegalArgumentException("i420: a direct buffer");
        return Native.pushPicture(handle, bytes(call), width, height, i420.slice(), i420.remaining());
    }

    /**
     * The newest picture that was not pulled yet, of one device in the call of a group, or (null) of whichever has sent one: as in pushPicture, from
     * the beginning of a direct buffer to the limit that is set. `size` becomes its width and height. False: none.
     *
     * @param into of at least {@link #PICTURE_BYTES_MAX}
     */
    public boolean pullPicture(String call, String device, int[] size, ByteBuffer into) {
        if (!into.isDirect() || into.capacity() < PICTURE_BYTES_MAX || size.length < 2)
            throw new IllegalArgumentException("into: a direct buffer of PICTURE_BYTES_MAX; size: two numbers");
        int got = Native.pullPicture(handle, bytes(call), bytes(device), size, into);
        into.clear().limit(got);
        return got > 0;
    }

    /**
     * Closes the home. What was accepted is durable and goes out at the next open. May be called again, and by the listener. Without an executor of
     * its own it waits until the listener has returned: not under a lock that the listener takes.
     */
    @Override
    public void close() {
        List<CompletableFuture<JSONObject>> left;
        synchronized (pending) {
            left = new ArrayList<>(pending.values());
            pending.clear();
            closed = true;
        }
        Native.close(handle);
        for (CompletableFuture<JSONObject> one : left)
            one.completeExceptionally(new GodwitException("cancelled", "the client was closed before this was answered", 0));
        if (executor == INLINE && Thread.currentThread() != reader) { // another executor may be waiting for this very thread
            try {
                reader.join();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // ---- the reader

    private void read() {
        try {
            // NULL before the end: there was no memory for it.
            for (byte[] next; (next = Native.next(handle, -1)) != null || !isClosed(); ) {
                if (next == null) {
                    Thread.yield();
                    continue;
                }
                JSONObject got = parse(next);
                if (!run(() -> deal(got))) break;
            }
        } finally { // also of memory: whoever waits for a reply is told
            close();
            run(listener::onClosed);
        }
    }

    private boolean isClosed() {
        synchronized (pending) {
            return closed;
        }
    }

    /**
     * On the executor, and waits until it has been: asking for the next says that this one is dealt with. What the listener throws is its thread's
     * affair and ends nothing here. False: the application's executor has ended.
     */
    private boolean run(Runnable task) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            executor.execute(() -> {
                try {
                    task.run();
                } catch (Throwable thrown) {
                    Thread.UncaughtExceptionHandler handler = Thread.currentThread().getUncaughtExceptionHandler();
                    handler.uncaughtException(Thread.currentThread(), thrown);
                } finally {
                    done.complete(null);
                }
            });
        } catch (RejectedExecutionException ended) {
            return false;
        }
        while (true) {
            try {
                done.get(1, TimeUnit.SECONDS);
                return true;
            } catch (TimeoutException stillRuns) {
                // shutdownNow() drops what it had taken.
                if (executor instanceof ExecutorService && ((ExecutorService) executor).isTerminated() && !done.isDone()) return false;
            } catch (InterruptedException ignored) {
                // this thread is its own
            } catch (ExecutionException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }

    private void deal(JSONObject got) {
        if (got.has("event")) {
            listener.onEvent(new Event(got.optString("event"), got));
            return;
        }
        CompletableFuture<JSONObject> reply;
        synchronized (pending) {
            reply = pending.remove(got.optLong("id"));
        }
        if (reply == null) return;
        got.remove("id");
        if (Boolean.TRUE.equals(got.remove("ok")))
            reply.complete(got);
        else
            reply.completeExceptionally(GodwitException.of(got.optJSONObject("error")));
    }

    private static JSONObject parse(byte[] json) {
        try {
            return new JSONObject(text(json));
        } catch (JSONException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Each surrogate has its other half. */
    static boolean isUtf16(String text) {
        for (int at = 0; at < text.length(); ++at) {
            if (!Character.isSurrogate(text.charAt(at))) continue;
            if (!Character.isHighSurrogate(text.charAt(at)) || at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1))) return false;
            ++at;
        }
        return true;
    }

    private static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
