/* SPDX-License-Identifier: Apache-2.0
 * A chat with one contact, in C, in one thread: what is typed and what happens are waited for together.
 *
 *   chat_c HOME RELAY USER PASSWORD PEER [register]
 *
 * A line is a message. The account and the contact are asked for when they are not there yet. A real program has a JSON
 * library; this one finds the few texts that it shows by their names. */
#include <godwit/godwit.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { line_bytes_max = 8192 };

/* `text` as a JSON string, with its quotes. Returns how long it is. */
static size_t quote(char* out, const char* text)
{
    size_t length = 0;
    out[length++] = '"';
    for (; *text != '\0'; ++text) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            length += (size_t)sprintf(out + length, "\\%c", c);
        else if (c < 0x20)
            length += (size_t)sprintf(out + length, "\\u%04x", c);
        else
            out[length++] = (char)c;
    }
    out[length++] = '"';
    out[length] = '\0';
    return length;
}

/* {"do":NAME,KEY:VALUE,…}: keys and values in turn, NULL ends them. Not 0: it was not taken. */
static int ask(godwit_client* client, const char* name, const char* const* fields)
{
    static char line[16 * line_bytes_max]; /* each byte may become six */
    size_t length = (size_t)sprintf(line, "{\"id\":\"%s\",\"do\":\"%s\"", name, name);
    for (; fields != NULL && *fields != NULL; fields += 2) {
        length += (size_t)sprintf(line + length, ",\"%s\":", fields[0]);
        length += quote(line + length, fields[1]);
    }
    line[length++] = '}';
    return godwit_request(client, line, length);
}

/* The text of a field, as it stands in JSON; "" when there is none. */
static const char* field(const char* json, const char* name)
{
    static char out[line_bytes_max];
    char wanted[64];
    const char* at;
    size_t length = 0;
    sprintf(wanted, "\"%s\":\"", name);
    at = strstr(json, wanted);
    for (at = at == NULL ? "" : at + strlen(wanted); *at != '\0' && *at != '"' && length + 2 < sizeof out; ++at) {
        if (*at == '\\') out[length++] = *at++;
        if (*at != '\0') out[length++] = *at;
    }
    out[length] = '\0';
    return out;
}

static int is(const char* json, const char* beginning)
{
    return strncmp(json, beginning, strlen(beginning)) == 0;
}

/* What to do where the home has no account yet, and with which relay, name and password. */
static const char* enter = "login";
static const char* account[] = {"relay", NULL, "user", NULL, "password", NULL, NULL};

static int connected, contacts_known, befriended;

/* Whether `peer` is a contact, in the reply to "contacts". */
static int is_accepted(const char* json, const char* peer)
{
    char wanted[line_bytes_max];
    const char* at;
    size_t length = (size_t)sprintf(wanted, "\"user\":");
    if (strlen(peer) > line_bytes_max / 8) return 0;
    quote(wanted + length, peer);
    at = strstr(json, wanted);
    return at != NULL && strcmp(field(at, "state"), "accepted") == 0;
}

/* What happens: 0 to go on. */
static int show(godwit_client* client, const char* json, const char* peer)
{
    const char* about[] = {"user", NULL, NULL};
    int asks = 0;
    about[1] = peer;
    if (is(json, "{\"event\":\"message\"")) {
        printf("%s ", field(json, "from"));
        printf("[%s]: ", field(json, "path"));
        printf("%s\n", field(json, "text"));
    } else if (is(json, "{\"event\":\"message_state\"") && strcmp(field(json, "state"), "delivered") == 0) {
        printf("✓✓ %s\n", field(json, "path"));
    } else if (is(json, "{\"event\":\"contact_request\"") && strcmp(field(json, "user"), peer) == 0) {
        return ask(client, "contact_accept", about);
    } else if (is(json, "{\"event\":\"connected\"")) {
        connected = asks = 1;
    } else if (is(json, "{\"id\":\"status\",\"ok\":true")) {
        return *field(json, "user") == '\0' ? ask(client, enter, account) : ask(client, "contacts", NULL);
    } else if (is(json, "{\"id\":\"register\",\"ok\":true") || is(json, "{\"id\":\"login\",\"ok\":true")) {
        return ask(client, "contacts", NULL);
    } else if (is(json, "{\"id\":\"contacts\",\"ok\":true")) {
        contacts_known = asks = 1;
    }
    if (!befriended &&
        (is(json, "{\"event\":\"contact_accepted\"") || is(json, "{\"id\":\"contact_accept\",\"ok\":true") ||
         (is(json, "{\"id\":\"contacts\"") && is_accepted(json, peer)))) {
        befriended = 1;
        printf("you can write to %s\n", peer);
    }
    if (is(json, "{\"id\":") && strstr(json, ",\"ok\":false,") != NULL) printf("refused: %s\n", field(json, "detail"));
    fflush(stdout);
    return asks && connected && contacts_known && !befriended ? ask(client, "contact_add", about) : 0;
}

/* A line that was typed: 0 to go on. */
static int typed(godwit_client* client, const char* peer)
{
    char line[line_bytes_max];
    const char* message[] = {"to", NULL, "text", NULL, NULL};
    if (fgets(line, sizeof line, stdin) == NULL) return 1;
    line[strcspn(line, "\n")] = '\0';
    message[1] = peer;
    message[3] = line;
    return line[0] == '\0' ? 0 : ask(client, "send", message);
}

int main(int count, char** words)
{
    godwit_options options = {0};
    struct pollfd waits[2] = {{STDIN_FILENO, POLLIN, 0}, {0, POLLIN, 0}};
    char* text = NULL;
    godwit_client* client;
    int ended = 0;
    if (count < 6) return fputs("usage: chat_c HOME RELAY USER PASSWORD PEER [register]\n", stderr), 2;
    setvbuf(stdin, NULL, _IONBF, 0); /* so that poll sees every line */

    options.size = sizeof options;
    options.home = words[1];
    options.allow_loopback = 1;
    client = godwit_open(&options, &text);
    if (client == NULL) {
        fprintf(stderr, "%s\n", field(text, "detail"));
        godwit_free(text);
        return 1;
    }
    account[1] = words[2];
    account[3] = words[3];
    account[5] = words[4];
    if (count > 6) enter = "register";
    ended = ask(client, "status", NULL);

    waits[1].fd = godwit_wake_fd(client);
    while (!ended && poll(waits, 2, -1) >= 0) {
        while (!ended && (text = godwit_next(client, 0)) != NULL) {
            ended = show(client, text, words[5]);
            godwit_free(text);
        }
        if (!ended && befriended && (waits[0].revents & (POLLIN | POLLHUP)) != 0) ended = typed(client, words[5]);
        waits[0].fd = befriended ? STDIN_FILENO : -1; /* nothing is read before there is somebody to write to */
    }
    godwit_close(client);
    return 0;
}
