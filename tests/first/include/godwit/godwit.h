/* SPDX-License-Identifier: Apache-2.0
 *
 * The C ABI of godwit. Requests and events are UTF-8 JSON objects, the same as `godwit stdio` speaks (docs/cli.md): one
 * stable, append-only vocabulary for every language. Unknown fields are ignored by both sides; unknown events must be
 * skipped.
 *
 * Any function from any thread. Strings that godwit returns stay valid until the call named in their comment.
 */
#ifndef GODWIT_H
#define GODWIT_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define GODWIT_EXPORT __declspec(dllexport)
#else
#define GODWIT_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct godwit_client godwit_client;

/* Size-prefixed: set `size` to sizeof(godwit_options); fields beyond it are taken as zero, so old programs meet new
 * libraries. */
typedef struct godwit_options {
    size_t size;
    const char* home;           /* required; UTF-8 */
    const uint8_t* store_key;   /* 32 bytes or NULL */
    const char* passphrase;     /* or NULL */
    const char* client_version; /* or NULL */
    int allow_loopback;         /* tests and demonstrations on one machine */
    /* Debug lines (level 0 debug … 3 error), or NULL: called on godwit's thread, must return quickly and not call
     * godwit. Never carries content or keys. The texts are valid during the call. */
    void (*trace)(void* trace_context, int level, const char* room, const char* text);
    void* trace_context;
} godwit_options;

/* godwit.result numbers: 0 is ok; see error_name in result.hpp and docs/cli.md. */

/* The library's version, e.g. "0.1.0". Static. */
GODWIT_EXPORT const char* godwit_version(void);

/* Opens a client. On failure returns NULL and, when `error_json` is not NULL, stores there an object
 * {"code":"…","detail":"…","retry":ms}; free it with godwit_free. */
GODWIT_EXPORT godwit_client* godwit_open(const godwit_options* options, char** error_json);

/* One request: a JSON object as in docs/cli.md, e.g. {"id":1,"do":"send","to":"bob","text":"hi"}. "id" is the caller's
 * and comes back in the reply event {"id":1,"ok":true,…}. Malformed requests are answered by an error reply with the id
 * when one could be read, else "id":null. Returns 0 when queued or answered, GODWIT_QUIT for {"do":"quit"} (answered
 * too; ending is the host's business), or the number of an ErrorCode: busy when the queue is full (take events, then
 * repeat), invalid_argument for NULL. */
#define GODWIT_QUIT (-1)
GODWIT_EXPORT int godwit_request(godwit_client* client, const char* json, size_t length);

/* The next event or reply as JSON, or NULL when none came within timeout_ms (0: do not wait, negative: no limit). Free
 * with godwit_free. A reply begins with {"id": and any other event with {"event": . Asking for the next says that the
 * previous one is dealt with. */
GODWIT_EXPORT char* godwit_next(godwit_client* client, int timeout_ms);

/* Readable while events wait; -1 where the platform has none. */
GODWIT_EXPORT int godwit_wake_fd(const godwit_client* client);

GODWIT_EXPORT void godwit_free(char* text);

/* Closes at once; legal from any thread; wakes threads inside godwit_next, which return NULL. No call may follow. */
GODWIT_EXPORT void godwit_close(godwit_client* client);

#ifdef __cplusplus
}
#endif

#endif
