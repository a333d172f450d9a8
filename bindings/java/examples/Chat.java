// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.concurrent.CompletableFuture;
import org.godwit.Client;
import org.godwit.ErrorCode;
import org.godwit.Event;
import org.godwit.GodwitException;
import org.godwit.Options;
import org.godwit.Schema.Do;
import org.godwit.Schema.On;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * A chat with one contact, in a terminal: Chat HOME RELAY USER PASSWORD-FILE PEER [register]. A line is a message. The contact is asked for, and
 * accepted, when it is none yet. Ends with the end of input.
 */
public final class Chat {
    private final CompletableFuture<Void> befriended = new CompletableFuture<>();
    private final CompletableFuture<Client> opened = new CompletableFuture<>();
    private final String peer;

    private Chat(String peer) {
        this.peer = peer;
    }

    /** A contact since an earlier run, or asked for now. */
    private void befriend(Client me, boolean online) {
        me.request(Do.CONTACTS).thenAccept(reply -> {
            JSONArray contacts = reply.optJSONArray("contacts");
            for (int i = 0; contacts != null && i < contacts.length(); ++i) {
                JSONObject one = contacts.optJSONObject(i);
                if (one.optString("user").equals(peer) && one.optString("state").equals("accepted")) befriended.complete(null);
            }
            if (!online || befriended.isDone()) return;
            me.request(Do.CONTACT_ADD, "user", peer).exceptionally(trouble -> {
                GodwitException refused = (GodwitException) trouble;
                System.out.println(
                        refused.code == ErrorCode.NO_SUCH_USER ? "there is no " + peer + " yet: waiting until they ask" : "not asked yet: " + refused.detail);
                return null;
            });
        });
    }

    private void show(Event event) {
        switch (event.name) {
            case On.CONNECTED:
                opened.thenAccept(me -> befriend(me, true));
                break;
            case On.MESSAGE:
                System.out.println(event.text("from") + " [" + event.text("path") + "]: " + event.text("text"));
                break;
            case On.MESSAGE_STATE:
                if (event.text("state").equals("delivered")) System.out.println("✓✓ " + event.text("path") + " (" + event.text("reason") + ")");
                if (event.text("state").equals("failed")) System.out.println("not delivered: " + event.text("reason"));
                break;
            case On.CONTACT_REQUEST:
                if (event.text("user").equals(peer))
                    opened.thenCompose(me -> me.request(Do.CONTACT_ACCEPT, "user", peer)).thenRun(() -> befriended.complete(null));
                break;
            case On.CONTACT_ACCEPTED:
                if (event.text("user").equals(peer)) befriended.complete(null);
                break;
            case On.SECURITY:
                System.out.println("security: " + event.text("kind") + " (" + event.text("user") + ")");
                break;
            default: // of no interest here, or of a later version
        }
    }

    public static void main(String[] args) throws Exception {
        Chat chat = new Chat(args[4]);
        String password = Files.readAllLines(Paths.get(args[3])).get(0);
        boolean register = args.length > 5 && args[5].equals("register");
        try (Client me = Client.open(new Options(args[0]).allowLoopback(true), chat::show)) {
            chat.opened.complete(me);
            JSONObject status = me.request(Do.STATUS).get();
            if (status.getString("user").isEmpty())
                me.request(register ? Do.REGISTER : Do.LOGIN, "relay", args[1], "user", args[2], "password", password).get();
            chat.befriend(me, false);
            chat.befriended.get();
            System.out.println("you can write to " + chat.peer);
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line; (line = lines.readLine()) != null; )
                if (!line.isEmpty()) me.request(Do.SEND, "to", chat.peer, "text", line).get();
        }
    }
}
