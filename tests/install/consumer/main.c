/* SPDX-License-Identifier: Apache-2.0
 * Opens a client, asks it how it stands, closes it: main HOME */
#include <godwit/godwit.h>

#include <stdio.h>
#include <string.h>

int main(int count, char** words)
{
    godwit_options options = {0};
    char* error = NULL;
    godwit_client* client;
    char* reply;
    int good;
    options.size = sizeof options;
    options.home = count > 1 ? words[1] : NULL;
    client = godwit_open(&options, &error);
    if (client == NULL) {
        fprintf(stderr, "%s\n", error);
        godwit_free(error);
        return 1;
    }
    if (godwit_request(client, "{\"id\":1,\"do\":\"status\"}", 22) != GODWIT_ERROR_OK) return 1;
    reply = godwit_next(client, 30000);
    good = reply != NULL && strstr(reply, "\"ok\":true") != NULL;
    godwit_free(reply);
    godwit_close(client);
    printf("godwit %s: %s\n", godwit_version(), good ? "fine" : "no reply");
    return good ? 0 : 1;
}
