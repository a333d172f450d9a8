// SPDX-License-Identifier: Apache-2.0
package org.godwit;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.godwit.Schema.Do;
import org.godwit.Schema.On;
import org.json.JSONArray;
import org.json.JSONObject;

/** The Java binding against a real relay: java -cp … org.godwit.ClientTest RELAY. Java's library alone, so that it runs everywhere. */
public final class ClientTest {
    private static final int WAIT_S = 150;

    private interface Story {
        void tell(Path folder) throws Exception;
    }

    private static String relayProgram;

    public static void main(String[] args) throws Exception {
        relayProgram = args[0];
        int failed = 0;
        int passed = 0;
        Object[] stories = {
            "a version, a status, refusals that say what to do", (Story) ClientTest::refusals,
            "a thousand requests are each answered once, also by close", (Story) ClientTest::thousand,
            "what godwit cannot read is refused like anything else: no future stays open", (Story) ClientTest::unreadable,
            "suspended, the home is free; resumed, it goes on", (Story) ClientTest::suspended,
            "a home is checked with its key", (Story) ClientTest::key,
            "what C would cut off at a NUL is refused", (Story) ClientTest::cutOff,
            "an executor that has ended closes the client, and leaves no future open", (Story) ClientTest::executorEnds,
            "an executor that drops what it had taken does, too", (Story) ClientTest::executorDrops,
            "a listener that throws an Error is told the next event all the same", (Story) ClientTest::throwing,
            "two talk, and see what came of it", (Story) ClientTest::talk,
            "a call with the program's own sound and pictures", (Story) ClientTest::call,
        };
        for (int i = 0; i < stories.length; i += 2) {
            Path folder = Files.createTempDirectory("godwit-java-");
            try {
                ((Story) stories[i + 1]).tell(folder);
                System.out.println("ok   " + stories[i]);
                ++passed;
            } catch (Throwable trouble) {
                System.out.println("FAIL " + stories[i]);
                trouble.printStackTrace(System.out);
                ++failed;
            }
            try (Stream<Path> all = Files.walk(folder)) {
                all.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
            }
        }
        System.out.println("java: " + passed + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }

    /** Keeps what it is told. */
    private static final class Heard implements Listener {
        final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
        final CompletableFuture<Void> closed = new CompletableFuture<>();

        @Override
        public void onEvent(Event event) {
            events.add(event);
        }

        @Override
        public void onClosed() {
            closed.complete(null);
        }

        /** The next event of this name with these fields. */
        Event until(String name, String... fields) throws Exception {
            for (;;) {
                Event event = events.poll(WAIT_S, TimeUnit.SECONDS);
                check(event != null, "no " + name + " " + Arrays.toString(fields));
                boolean fits = event.name.equals(name);
                for (int i = 0; i < fields.length; i += 2) fits = fits && event.text(fields[i]).equals(fields[i + 1]);
                if (fits) return event;
            }
        }
    }

    private static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }

    private static JSONObject get(CompletableFuture<JSONObject> reply) throws InterruptedException, ExecutionException, TimeoutException {
        return reply.get(WAIT_S, TimeUnit.SECONDS);
    }

    private static void refused(ErrorCode code, CompletableFuture<JSONObject> reply) throws Exception {
        try {
            throw new AssertionError("allowed: " + get(reply));
        } catch (ExecutionException trouble) {
            check(trouble.getCause() instanceof GodwitException, trouble.toString());
            GodwitException refused = (GodwitException) trouble.getCause();
            check(refused.code == code && refused.detail.length() > 10, refused.toString());
        }
    }

    private static Client open(Path folder, String name, Listener listener) throws GodwitException {
        return Client.open(new Options(folder.resolve(name).toString()).allowLoopback(true), listener);
    }

    private static void refusals(Path folder) throws Exception {
        check(Client.version().split("\\.").length == 3, Client.version());
        Heard heard = new Heard();
        try (Client ann = open(folder, "ann", heard)) {
            JSONObject status = get(ann.request(Do.STATUS));
            check(status.getString("user").isEmpty() && !status.has("ok") && !status.has("id"), status.toString());
            refused(ErrorCode.NOT_REGISTERED, ann.request(Do.CONTACTS));
            refused(ErrorCode.UNKNOWN_REQUEST, ann.request("fly"));
            refused(ErrorCode.INVALID_ARGUMENT, ann.request(Do.SEND, "to", "bob", "text", 5));
            try {
                open(folder, "ann", heard);
                throw new AssertionError("opened twice");
            } catch (GodwitException trouble) {
                check(trouble.code == ErrorCode.STORAGE_IN_USE, trouble.toString());
            }
            ann.networkChanged();
            ann.trimMemory();
            check(ann.pushReceived(new byte[] {1}), "push");
        }
        heard.closed.get(WAIT_S, TimeUnit.SECONDS);
    }

    private static void thousand(Path folder) throws Exception {
        Client ann = open(folder, "ann", new Heard());
        AtomicInteger answered = new AtomicInteger();
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (int i = 0; i < 1000; ++i)
            all.add(ann.request(Do.STATUS).handle((reply, trouble) -> {
                check(trouble == null || ((GodwitException) trouble).code == ErrorCode.CANCELLED, String.valueOf(trouble));
                return answered.incrementAndGet();
            }));
        ann.close();
        CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0])).get(WAIT_S, TimeUnit.SECONDS);
        check(answered.get() == 1000, "answered " + answered.get());
        refused(ErrorCode.CANCELLED, ann.request(Do.STATUS));
        ann.close();
        check(!ann.pushReceived(null), "pushed into a closed client");
        open(folder, "ann", new Heard()).close();
    }

    private static void unreadable(Path folder) throws Exception {
        try (Client ann = open(folder, "ann", new Heard())) {
            Object deep = "x";
            for (int n = 0; n < 20; ++n) deep = new JSONArray().put(deep);
            JSONArray many = new JSONArray();
            for (int n = 0; n < 20_000; ++n) many.put(0);
            for (Object text : new Object[] {"x".repeat(3_000_000), "hi \ud83d", deep, many})
                try {
                    get(ann.request(Do.SEND, "to", "bob", "text", text));
                    throw new AssertionError("taken");
                } catch (ExecutionException refused) {
                    check(refused.getCause() instanceof GodwitException, refused.toString());
                }
            check(get(ann.request(Do.STATUS, "id", 7, "do", "fly")).getString("user").isEmpty(), "no field takes the place of the id");
            for (Runnable wrong : new Runnable[] {() -> ann.request(Do.STATUS, (JSONObject) null), () -> ann.pullAudio("a call", null)})
                try {
                    wrong.run();
                    throw new AssertionError("taken");
                } catch (NullPointerException refused) {
                    check(refused.getMessage() != null, "says what");
                }
        }
        Client ann = open(folder, "ann", new Heard());
        ann.close();
        try {
            ann.resume();
            throw new AssertionError("resumed");
        } catch (GodwitException refused) {
            check(refused.code == ErrorCode.INVALID_ARGUMENT, refused.toString());
        }
    }

    private static void suspended(Path folder) throws Exception {
        try (Client ann = open(folder, "ann", new Heard())) {
            check(ann.suspend(30_000), "suspend");
            CompletableFuture<JSONObject> meanwhile = ann.request(Do.STATUS);
            open(folder, "ann", new Heard()).close();
            check(!ann.pushReceived(null), "pushed into a suspended client");
            ann.resume();
            get(meanwhile);
        }
    }

    private static void key(Path folder) throws Exception {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) 7);
        String home = folder.resolve("ann").toString();
        Client.open(new Options(home).storeKey(key), new Heard()).close();
        check(Client.check(new Options(home).storeKey(key)).getBoolean("sound"), "sound");
        key[0] = 8;
        try {
            Client.check(new Options(home).storeKey(key));
            throw new AssertionError("another key");
        } catch (GodwitException trouble) {
            check(trouble.code == ErrorCode.WRONG_KEY, trouble.toString());
        }
    }

    private static void cutOff(Path folder) throws Exception {
        Options options = new Options(folder.resolve("ann").toString());
        for (Runnable wrong : new Runnable[] {() -> options.passphrase("secret\0tail"), () -> options.clientVersion("1\0"), () -> new Options("ann\0x")})
            try {
                wrong.run();
                throw new AssertionError("taken");
            } catch (IllegalArgumentException refused) {
                check(refused.getMessage().contains("NUL"), refused.toString());
            }
    }

    private static void executorEnds(Path folder) throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        String home = folder.resolve("ann").toString();
        Client ann = Client.open(new Options(home), new Heard(), executor);
        get(ann.request(Do.STATUS));
        executor.shutdown();
        check(executor.awaitTermination(WAIT_S, TimeUnit.SECONDS), "the executor goes on");
        refused(ErrorCode.CANCELLED, ann.request(Do.STATUS)); // its reply finds nobody
        ann.close();
        Client.open(new Options(home), new Heard()).close();
    }

    private static void executorDrops(Path folder) throws Exception {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        executor.execute(() -> {
            busy.countDown();
            try {
                goesOn.await();
            } catch (InterruptedException end) {
                // of shutdownNow()
            }
        });
        busy.await();
        String home = folder.resolve("ann").toString();
        Client ann = Client.open(new Options(home), new Heard(), executor);
        CompletableFuture<JSONObject> reply = ann.request(Do.STATUS);
        long late = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_S);
        while (executor.getQueue().isEmpty()) check(System.nanoTime() < late, "the reply is not on its way");
        executor.shutdownNow();
        refused(ErrorCode.CANCELLED, reply);
        ann.close();
        Client.open(new Options(home), new Heard()).close();
    }

    private static void throwing(Path folder) throws Exception {
        withRelay(folder, relay -> {
            AtomicInteger told = new AtomicInteger();
            AtomicInteger thrown = new AtomicInteger();
            Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
            Thread.setDefaultUncaughtExceptionHandler((thread, trouble) -> thrown.incrementAndGet());
            try (Client ann = open(folder, "ann", event -> {
                told.incrementAndGet();
                throw new AssertionError("of the program");
            })) {
                get(ann.request(Do.REGISTER, "relay", relay, "user", "ann", "password", "a long password"));
                get(ann.request(Do.LOGOUT));
                get(ann.request(Do.LOGIN, "relay", relay, "user", "ann", "password", "a long password"));
                get(ann.request(Do.STATUS));
                check(told.get() > 1 && thrown.get() == told.get(), told + " told, " + thrown + " thrown");
            } finally {
                Thread.setDefaultUncaughtExceptionHandler(before);
            }
        });
    }

    private interface AtRelay {
        void tell(String address) throws Exception;
    }

    private static void talk(Path folder) throws Exception {
        withRelay(folder, relay -> talk(folder, relay));
    }

    private static void call(Path folder) throws Exception {
        withRelay(folder, relay -> call(folder, relay));
    }

    private static void withRelay(Path folder, AtRelay story) throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Process relay = new ProcessBuilder(relayProgram, "--data", folder.resolve("relay").toString(), "--listen", "127.0.0.1:" + port)
                                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            BufferedReader lines = new BufferedReader(new InputStreamReader(relay.getInputStream(), StandardCharsets.UTF_8));
            String address = null;
            for (String line; address == null && (line = lines.readLine()) != null; )
                if (line.startsWith("ready ")) address = line.split(" ")[1];
            check(address != null, "the relay did not start");
            story.tell(address);
        } finally {
            relay.destroy();
            relay.waitFor();
        }
    }

    private static void befriend(String relay, Client ann, Heard annHeard, Client ben, Heard benHeard) throws Exception {
        for (Client one : new Client[] {ann, ben})
            get(one.request(Do.REGISTER, "relay", relay, "user", one == ann ? "ann" : "ben", "password", "a long password"));
        get(ann.request(Do.CONTACT_ADD, "user", "ben"));
        benHeard.until(On.CONTACT_REQUEST, "user", "ann");
        get(ben.request(Do.CONTACT_ACCEPT, "user", "ann"));
        annHeard.until(On.CONTACT_ACCEPTED, "user", "ben");
    }

    private static void call(Path folder, String relay) throws Exception {
        Heard annHeard = new Heard();
        Heard benHeard = new Heard();
        try (Client ann = open(folder, "ann", annHeard); Client ben = open(folder, "ben", benHeard)) {
            befriend(relay, ann, annHeard, ben, benHeard);
            check(ann.pushAudio("rubbish", new short[480], 480) == 0, "no such call");
            String call;
            try {
                call = get(ann.request(Do.CALL, "to", "ben", "video", true)).getString("call");
            } catch (ExecutionException refused) {
                check(((GodwitException) refused.getCause()).code == ErrorCode.UNSUPPORTED, refused.toString());
                return; // a library without media
            }
            benHeard.until(On.CALL_INCOMING, "call", call);
            get(ben.request(Do.ANSWER));
            annHeard.until(On.CALL_STATE, "call", call, "state", "active");
            benHeard.until(On.CALL_STATE, "call", call, "state", "active");
            short[] tone = new short[480];
            for (int i = 0; i < tone.length; ++i) tone[i] = (short) Math.round(8000 * Math.sin(2 * Math.PI * 1000 * i / 48000));
            ByteBuffer grey = ByteBuffer.allocateDirect(160 * 96 * 3 / 2);
            while (grey.hasRemaining()) grey.put((byte) 128);
            grey.flip();
            check(!ann.pushPicture(call, 160, 98, grey), "a picture that is too short");
            ByteBuffer shown = ByteBuffer.allocateDirect(Client.PICTURE_BYTES_MAX);
            int[] size = new int[2];
            short[] heard = new short[480];
            int loud = 0;
            boolean seen = false;
            for (long late = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_S); loud < 20 || !seen; Thread.sleep(5)) {
                check(System.nanoTime() < late, loud + " loud steps, seen " + seen);
                ann.pushAudio(call, tone, tone.length);
                check(ann.pushPicture(call, 160, 96, grey), "a picture");
                int most = 0;
                for (int i = ben.pullAudio(call, heard); i-- > 0; ) most = Math.max(most, heard[i]);
                if (most > 2000) ++loud;
                seen = seen || ben.pullPicture(call, null, size, shown);
            }
            check(size[0] == 160 && size[1] == 96 && shown.remaining() == grey.remaining(), Arrays.toString(size) + shown);
            check(!ben.pullPicture(call, "rubbish", size, shown) && !shown.hasRemaining(), "a device that is none");
            get(ann.request(Do.HANGUP));
        }
    }

    private static void talk(Path folder, String relay) throws Exception {
        Heard annHeard = new Heard();
        Heard benHeard = new Heard();
        try (Client ann = open(folder, "ann", annHeard); Client ben = open(folder, "ben", benHeard)) {
            befriend(relay, ann, annHeard, ben, benHeard);
            String text = "从阿拉斯加问候 \uD83D\uDC26";
            String message = get(ann.request(Do.SEND, "to", "ben", "text", text)).getString("message");
            Event got = benHeard.until(On.MESSAGE, "message", message);
            check(got.text("text").equals(text) && got.text("from").equals("ann"), got.toString());
            Event state = annHeard.until(On.MESSAGE_STATE, "message", message, "state", "delivered");
            check(Arrays.asList("direct", "mailbox").contains(state.text("path")), state.toString());
            check(get(ben.request(Do.HISTORY, "with", "ann")).getJSONArray("messages").length() == 1, "history");
        }
    }
}
