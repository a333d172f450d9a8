/* SPDX-License-Identifier: Apache-2.0
 *
 * The C ABI of godwit. Requests and events are UTF-8 JSON objects (docs/reference.md), the same as `godwit stdio`
 * speaks: one stable, append-only vocabulary for every language. Unknown fields are ignored by both sides; unknown
 * events must be skipped.
 *
 * Any function from any thread. Handles are checked: NULL, one that was closed, or anything else that is no open client
 * is GODWIT_ERROR_INVALID_ARGUMENT, NULL or -1, and nothing is touched; so is, in the child of a fork, every client of
 * its parent, to which nothing happens. Strings that godwit returns are freed with
 * godwit_free, unless their comment says that they are static. Functions that return int return 0 or a number of
 * godwit/errors.h, unless their comment says something else.
 */
#ifndef GODWIT_H
#define GODWIT_H

#include <godwit/errors.h>

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
 * libraries. Fill with zeros, then set what you need. */
typedef struct godwit_options {
    size_t size;
    const char* home;           /* required; UTF-8 */
    const uint8_t* store_key;   /* 32 bytes or NULL */
    const char* passphrase;     /* UTF-8, or NULL */
    const char* client_version; /* or NULL */
    int allow_loopback;         /* tests and demonstrations on one machine */
    /* Debug lines (level 0 debug … 3 error), or NULL: called on godwit's thread, must return quickly and not call
     * godwit, but for godwit_close. Never carries content or keys. The texts are valid during the call. */
    void (*trace)(void* trace_context, int level, const char* room, const char* text);
    void* trace_context;

    /* In place of store_key, for keys that are not to lie in memory: fills `key` and returns 0, or returns anything
     * else to refuse (wrong_key). Called inside godwit_open, _resume, _check and _repair, on their thread. */
    int (*provide_key)(void* key_context, uint8_t key[32]);
    void* key_context;
    /* Milliseconds since 1970 UTC, where the system's clock is not to be trusted, or NULL. Called on the thread that
     * turns the loop; must return quickly and not call godwit. Time spans are measured by the system's monotonic clock
     * in any case. */
    int64_t (*wall_ms)(void* clock_context);
    void* clock_context;
    /* Not 0: godwit starts no thread, and does nothing but in godwit_run_once. */
    int driven_by_host;
    /* Not 0: asking for the next event says nothing of the one before it; godwit_dealt_with does. For who takes events
     * ahead of those who are to see them, as a binding does that looks for a reply behind them. */
    int dealt_by_call;
} godwit_options;

/* The library's version, e.g. "0.1.0". Static. */
GODWIT_EXPORT const char* godwit_version(void);

/* The name of an error of godwit/errors.h, e.g. "not_a_contact", and one English sentence that says what to do about
 * it. Of numbers that this version does not know: those of internal. Static. */
GODWIT_EXPORT const char* godwit_error_name(int error);
GODWIT_EXPORT const char* godwit_error_text(int error);

/* Memory of the process, in place of malloc: what SQLite and libuv take, in the libraries that godwit is linked with,
 * and the texts that godwit hands out. What else takes memory, and how to have all of it: docs/embedding.md. Any thread
 * may call these, also several at once; they must not call godwit, and stay for the life of the process. */
typedef struct godwit_allocator {
    size_t size;                                               /* sizeof(godwit_allocator) */
    void* (*allocate)(void* context, size_t bytes);            /* aligned as by malloc; NULL: there is none */
    void* (*resize)(void* context, void* block, size_t bytes); /* as realloc; neither NULL nor 0 */
    void (*release)(void* context, void* block);               /* as free; never NULL */
    void* context;
} godwit_allocator;

/* Once, before any other function of godwit but godwit_version and godwit_error_name and _text. invalid_argument: a
 * function is missing; unsupported: too late, godwit or the program's own use of SQLite has begun; nothing has changed
 * then. A program that uses libuv itself calls this before it does: libuv cannot tell. */
GODWIT_EXPORT int godwit_set_allocator(const godwit_allocator* allocator);

/* Opens a client. On failure returns NULL and, when `error_json` is not NULL, stores there an object
 * {"code":"…","detail":"…","retry":ms}; free it with godwit_free. */
GODWIT_EXPORT godwit_client* godwit_open(const godwit_options* options, char** error_json);

/* Looks into a home that no client has open, and changes nothing; and makes a new store from what is undamaged
 * (godwit/rescue.hpp says what). Of the options: home, store_key, passphrase, provide_key. A JSON object as in
 * docs/cli.md, free it with godwit_free; NULL on failure, with `error_json` as in godwit_open. */
GODWIT_EXPORT char* godwit_check(const godwit_options* options, char** error_json);
GODWIT_EXPORT char* godwit_repair(const godwit_options* options, char** error_json);

/* One request: a JSON object, e.g. {"id":1,"do":"send","to":"bob","text":"hi"}. "id" is the caller's and comes back in
 * the reply {"id":1,"ok":true,…}. Malformed requests are answered by an error reply with the id when one could be read,
 * else "id":null. Returns 0 when queued or answered, GODWIT_QUIT for {"do":"quit"} (answered too; ending is the host's
 * business), or: busy when the queue is full (take events, then repeat), cancelled after godwit_stop, invalid_argument.
 */
#define GODWIT_QUIT (-1)
GODWIT_EXPORT int godwit_request(godwit_client* client, const char* json, size_t length);

/* The next event or reply as JSON, or NULL when none came within timeout_ms (0: do not wait, negative: no limit). Free
 * with godwit_free. A reply begins with {"id": and any other event with {"event": . Asking for the next says that the
 * previous one is dealt with, unless godwit_options.dealt_by_call says otherwise. NULL also when there is no memory for
 * the text: it comes again. */
GODWIT_EXPORT char* godwit_next(godwit_client* client, int timeout_ms);

/* The oldest so many of the events "message" that godwit_next gave out are dealt with: they are not shown again after a
 * crash. invalid_argument: there are not so many; unsupported: without godwit_options.dealt_by_call. Of more than
 * 65,536 that nobody named the oldest counts as dealt with. */
GODWIT_EXPORT int godwit_dealt_with(godwit_client* client, size_t messages);

/* Readable while events wait; -1 where the platform has none. The same as long as the client is open. It may become
 * readable for nothing: godwit_next then returns NULL. */
GODWIT_EXPORT int godwit_wake_fd(const godwit_client* client);

GODWIT_EXPORT void godwit_free(char* text);

/* ---- the life of a program ----------------------------------------------------------------------------------------
 */

/* The platform says that addresses or routes changed: every path is looked at again, without back-off. On desktops
 * godwit sees that itself. */
GODWIT_EXPORT int godwit_network_changed(godwit_client* client);

/* A push message of the platform arrived: there is something at the relay. Connects without back-off and fetches it.
 * `payload` is what came with it, at most GODWIT_PUSH_BYTES_MAX (else message_too_large), or NULL; this version reads
 * nothing in it. not_connected: the client is suspended, resume it first. */
#define GODWIT_PUSH_BYTES_MAX 4096
GODWIT_EXPORT int godwit_push_received(godwit_client* client, const void* payload, size_t length);

/* Memory is short: what is kept of the store to be faster, and what is not in use, goes back to the system, soon. */
GODWIT_EXPORT int godwit_trim_memory(godwit_client* client);

/* Before the system freezes the process: commits, closes every connection and the store, ends godwit's thread. After 0
 * there is no lock held, on files either, and no I/O in flight. What was under way is answered with cancelled, a
 * call is hung up; events can still be taken; what is asked meanwhile is answered after godwit_resume. timed_out: it
 * took longer than deadline_ms (negative: no limit) and goes on, call again. Legal when it is suspended already. */
GODWIT_EXPORT int godwit_suspend(godwit_client* client, int deadline_ms);

/* Opens the home again and goes on. On failure the number, the client stays suspended, and `error_json` is as in
 * godwit_open. Legal when it is not suspended. Like godwit_suspend, _stop and _run_once it cannot be called from inside
 * a hook: unsupported. */
GODWIT_EXPORT int godwit_resume(godwit_client* client, char** error_json);

/* The first half of godwit_close, for who wants every answer: as godwit_suspend without limit, and for good. Every
 * request that was taken has its reply (cancelled, when it had none) in what godwit_next still hands out; then it
 * returns NULL at once. */
GODWIT_EXPORT int godwit_stop(godwit_client* client);

/* Closes at once; legal from any thread, also inside `trace`, and at any time; wakes threads inside godwit_next, which
 * return NULL, and inside godwit_run_once. When it returns the home is free (from a `trace`, also another client's:
 * soon after). What was accepted is durable and goes out at the next open. A process that ends by exit(), or by
 * returning from main, has its open clients closed then. */
GODWIT_EXPORT void godwit_close(godwit_client* client);

/* ---- driven by the host (godwit_options.driven_by_host) -----------------------------------------------------------
 */

/* Waits at most wait_ms (0: not at all) for something to happen, and does what is to be done. Any thread, one at a
 * time. unsupported: this client has a thread. */
GODWIT_EXPORT int godwit_run_once(godwit_client* client, int wait_ms);

/* Milliseconds until godwit_run_once has something to do: 0 now, -1 not before godwit_driver_fd is readable, which may
 * be at any time, or another thread is inside godwit_run_once; -2 this client is not driven by its host. Ask again
 * after each godwit_run_once and godwit_request. */
GODWIT_EXPORT int64_t godwit_next_deadline(const godwit_client* client);

/* Readable when godwit_run_once has something to do; -1: none. Another one after godwit_resume. */
GODWIT_EXPORT int godwit_driver_fd(const godwit_client* client);

/* ---- Sound and pictures of calls whose devices are "app"
 * -------------------------------------------------------------
 *
 * `call`: the id of a call, 32 hexadecimal digits. Any thread, but each function from one thread at a time for one
 * call; none of them waits for the network. What is pushed is copied. godwit/media.hpp says more. */

/* 48 kHz, 16 bits, mono. Returns how many samples were taken: fewer when 200 ms wait already, 0 when there is no such
 * call or it has no media yet. */
GODWIT_EXPORT size_t godwit_call_push_audio(godwit_client* client, const char* call, const int16_t* samples,
                                            size_t count);
/* Returns how many samples there were: play silence for the rest. */
GODWIT_EXPORT size_t godwit_call_pull_audio(godwit_client* client, const char* call, int16_t* samples, size_t count);
/* Room for any picture: 1920 * 1088 pixels in I420, where odd sides round the planes of colour up. */
#define GODWIT_CALL_PICTURE_BYTES_MAX (1920 * 1088 * 3 / 2 + (1920 + 1920) / 2 + 1)
/* I420 without gaps: width * height of luma, then U and V of ((width + 1) / 2) * ((height + 1) / 2) each; sides at most
 * 1920, 1920 * 1088 pixels. Returns 1 when it was taken, else 0. */
GODWIT_EXPORT int godwit_call_push_picture(godwit_client* client, const char* call, int width, int height,
                                           const uint8_t* i420, size_t bytes);
/* The newest picture that was not pulled yet: its size into *width and *height, its planes into `i420`. Returns its
 * bytes, 0 when there is none. When that is more than `capacity` nothing was written, and the picture is gone: come
 * with more room for the next. */
GODWIT_EXPORT size_t godwit_call_pull_picture(godwit_client* client, const char* call, int* width, int* height,
                                              uint8_t* i420, size_t capacity);
/* The same of one device in the call of a group: `device` is its id, 64 hexadecimal digits. */
GODWIT_EXPORT size_t godwit_call_pull_picture_of(godwit_client* client, const char* call, const char* device,
                                                 int* width, int* height, uint8_t* i420, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
