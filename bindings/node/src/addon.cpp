// SPDX-License-Identifier: Apache-2.0
// The C ABI for Node.js, by N-API: what blocks runs in libuv's pool and is a promise; what waits is a uv_poll on
// godwit's descriptor. Everything else is lib/client.js.
//
//   open(options) -> Promise<handle>    check(options), repair(options) -> Promise<string>    version() -> string
//   request(handle, text) -> number     next(handle) -> string | null    dealtWith(handle, messages)
//   suspend(handle, ms) -> Promise<number>    resume(handle) -> Promise<void>    trimMemory(handle)
//   sound and pictures: addon.hpp
//   watch(handle, callback)             unwatch(handle)           close(handle) -> Promise<void>
//
// A promise is rejected with an error's JSON as a string.
#include "addon.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace godwit_node {

std::string string_of(napi_env env, napi_value value)
{
    std::size_t length = 0;
    if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return {};
    std::string out(length + 1, '\0');
    napi_get_value_string_utf8(env, value, out.data(), out.size(), &length);
    out.resize(length);
    return out;
}

Handle* handle_of(napi_env env, napi_value value)
{
    void* out = nullptr;
    napi_valuetype type = napi_undefined;
    if (napi_typeof(env, value, &type) == napi_ok && type == napi_external) napi_get_value_external(env, value, &out);
    if (out == nullptr) napi_throw_type_error(env, nullptr, "not a handle");
    return static_cast<Handle*>(out);
}

} // namespace godwit_node

namespace {

using namespace godwit_node;

napi_value undefined(napi_env env)
{
    napi_value out = nullptr;
    napi_get_undefined(env, &out);
    return out;
}

napi_value text(napi_env env, const char* utf8)
{
    napi_value out = nullptr;
    napi_create_string_utf8(env, utf8, NAPI_AUTO_LENGTH, &out);
    return out;
}

// ---- what blocks --------------------------------------------------------------------------------

/// One call in libuv's pool, and its promise.
struct Job {
    enum class Kind : std::uint8_t { open, check, repair, suspend, resume, close };
    Kind kind = Kind::open;
    std::string home, passphrase, client_version;
    std::vector<std::uint8_t> store_key;
    bool has_passphrase = false, has_version = false, allow_loopback = false;

    godwit_client* client = nullptr; ///< What open() gave, or whose life it is.
    int deadline_ms = 0;
    int result = 0; ///< Of the two in between.
    char* report = nullptr;
    char* error = nullptr;

    napi_deferred deferred = nullptr;
    napi_async_work work = nullptr;

    ~Job()
    {
        // Opened for a program that has gone meanwhile.
        if (kind == Kind::open && client != nullptr) godwit_close(client);
        godwit_free(report);
        godwit_free(error);
    }
};

void run(napi_env, void* data)
{
    auto& job = *static_cast<Job*>(data);
    godwit_options options{};
    options.size = sizeof options;
    options.home = job.home.c_str();
    options.store_key = job.store_key.empty() ? nullptr : job.store_key.data();
    options.passphrase = job.has_passphrase ? job.passphrase.c_str() : nullptr;
    options.client_version = job.has_version ? job.client_version.c_str() : nullptr;
    options.allow_loopback = job.allow_loopback ? 1 : 0;
    options.dealt_by_call = 1;
    switch (job.kind) {
    case Job::Kind::open: job.client = godwit_open(&options, &job.error); break;
    case Job::Kind::check: job.report = godwit_check(&options, &job.error); break;
    case Job::Kind::repair: job.report = godwit_repair(&options, &job.error); break;
    case Job::Kind::suspend: job.result = godwit_suspend(job.client, job.deadline_ms); break;
    case Job::Kind::resume: job.result = godwit_resume(job.client, &job.error); break;
    case Job::Kind::close: godwit_close(job.client); break;
    }
}

/// It has the client, which nobody may have otherwise: only while it watches is that kept.
void let_callback_go(Handle& handle)
{
    if (handle.callback != nullptr) napi_delete_reference(handle.env, std::exchange(handle.callback, nullptr));
}

void stop_watching(Handle& handle)
{
    if (handle.poll == nullptr) return;
    uv_poll_stop(handle.poll);
    uv_close(reinterpret_cast<uv_handle_t*>(handle.poll),
             [](uv_handle_t* poll) { delete reinterpret_cast<uv_poll_t*>(poll); });
    handle.poll = nullptr;
    let_callback_go(handle);
    napi_async_destroy(handle.env, handle.context);
}

/// Nobody has the handle any more: a client that was not closed is closed now.
void forget(napi_env, void* data, void*)
{
    const std::unique_ptr<Handle> handle(static_cast<Handle*>(data));
    stop_watching(*handle);
    godwit_close(handle->client);
}

void done(napi_env env, napi_status, void* data)
{
    const std::unique_ptr<Job> job(static_cast<Job*>(data));
    napi_value out = undefined(env);
    const bool makes = job->kind == Job::Kind::open || job->kind == Job::Kind::check || job->kind == Job::Kind::repair;
    const bool failed =
        makes ? job->client == nullptr && job->report == nullptr : job->kind == Job::Kind::resume && job->result != 0;
    if (failed) {
        out =
            text(env, job->error != nullptr ? job->error : R"({"code":"internal","detail":"out of memory","retry":0})");
    } else if (job->report != nullptr) {
        out = text(env, job->report);
    } else if (job->kind == Job::Kind::suspend) {
        napi_create_int32(env, job->result, &out);
    } else if (job->kind == Job::Kind::open) {
        auto handle = std::make_unique<Handle>();
        handle->client = job->client;
        handle->env = env;
        if (napi_create_external(env, handle.get(), forget, nullptr, &out) == napi_ok) {
            job->client = nullptr;
            handle.release();
        }
    }
    failed ? napi_reject_deferred(env, job->deferred, out) : napi_resolve_deferred(env, job->deferred, out);
    napi_delete_async_work(env, job->work);
}

napi_value start(napi_env env, std::unique_ptr<Job> job)
{
    napi_value promise = nullptr;
    napi_value name = text(env, "godwit");
    if (napi_create_promise(env, &job->deferred, &promise) != napi_ok ||
        napi_create_async_work(env, nullptr, name, run, done, job.get(), &job->work) != napi_ok)
        return nullptr;
    if (napi_queue_async_work(env, job->work) == napi_ok) job.release();
    return promise;
}

bool member(napi_env env, napi_value object, const char* name, napi_value& out)
{
    napi_valuetype type = napi_undefined;
    return napi_get_named_property(env, object, name, &out) == napi_ok && napi_typeof(env, out, &type) == napi_ok &&
           type != napi_undefined && type != napi_null;
}

template <Job::Kind kind>
napi_value with_options(napi_env env, napi_callback_info info)
{
    napi_value given[1];
    if (!arguments(env, info, given)) return nullptr;
    auto job = std::make_unique<Job>();
    job->kind = kind;
    napi_value value = nullptr;
    if (member(env, given[0], "home", value)) job->home = string_of(env, value);
    if ((job->has_passphrase = member(env, given[0], "passphrase", value))) job->passphrase = string_of(env, value);
    if ((job->has_version = member(env, given[0], "clientVersion", value))) job->client_version = string_of(env, value);
    if (member(env, given[0], "allowLoopback", value)) napi_get_value_bool(env, value, &job->allow_loopback);
    if (member(env, given[0], "storeKey", value)) {
        void* bytes = nullptr;
        std::size_t length = 0;
        napi_typedarray_type type{};
        if (napi_get_typedarray_info(env, value, &type, &length, &bytes, nullptr, nullptr) != napi_ok ||
            type != napi_uint8_array || length != 32) {
            napi_throw_type_error(env, nullptr, "storeKey: a Uint8Array of exactly 32 bytes");
            return nullptr;
        }
        const auto* first = static_cast<const std::uint8_t*>(bytes);
        job->store_key.assign(first, first + length);
    }
    return start(env, std::move(job));
}

/// A job on a client that is there already.
napi_value start(napi_env env, Job::Kind kind, godwit_client* client, int deadline_ms = 0)
{
    auto job = std::make_unique<Job>();
    job->kind = kind;
    job->client = client;
    job->deadline_ms = deadline_ms;
    return start(env, std::move(job));
}

napi_value suspend(napi_env env, napi_callback_info info)
{
    napi_value given[2];
    const Handle* handle = handle_and(env, info, given);
    if (handle == nullptr) return nullptr;
    int deadline_ms = -1;
    napi_get_value_int32(env, given[1], &deadline_ms);
    return start(env, Job::Kind::suspend, handle->client, deadline_ms);
}

napi_value resume(napi_env env, napi_callback_info info)
{
    napi_value given[1];
    const Handle* handle = handle_and(env, info, given);
    return handle == nullptr ? nullptr : start(env, Job::Kind::resume, handle->client);
}

napi_value close(napi_env env, napi_callback_info info)
{
    napi_value given[1];
    Handle* handle = handle_and(env, info, given);
    if (handle == nullptr) return nullptr;
    stop_watching(*handle); // before its descriptor goes
    return start(env, Job::Kind::close, std::exchange(handle->client, nullptr));
}

// ---- what does not ------------------------------------------------------------------------------

napi_value version(napi_env env, napi_callback_info)
{
    return text(env, godwit_version());
}

napi_value request(napi_env env, napi_callback_info info)
{
    napi_value given[2];
    const Handle* handle = handle_and(env, info, given);
    if (handle == nullptr) return nullptr;
    const std::string line = string_of(env, given[1]);
    napi_value out = nullptr;
    napi_create_int32(env, godwit_request(handle->client, line.data(), line.size()), &out);
    return out;
}

napi_value next(napi_env env, napi_callback_info info)
{
    napi_value given[1];
    const Handle* handle = handle_and(env, info, given);
    if (handle == nullptr) return nullptr;
    char* event = godwit_next(handle->client, 0);
    napi_value out = nullptr;
    if (event == nullptr)
        napi_get_null(env, &out);
    else
        out = text(env, event);
    godwit_free(event);
    return out;
}

napi_value dealt_with(napi_env env, napi_callback_info info)
{
    napi_value given[2];
    const Handle* handle = handle_and(env, info, given);
    if (handle == nullptr) return nullptr;
    std::uint32_t messages = 0;
    napi_get_value_uint32(env, given[1], &messages);
    (void)godwit_dealt_with(handle->client, messages);
    return undefined(env);
}

napi_value trim_memory(napi_env env, napi_callback_info info)
{
    napi_value given[1];
    if (!arguments(env, info, given)) return nullptr;
    if (const Handle* handle = handle_of(env, given[0]); handle != nullptr) (void)godwit_trim_memory(handle->client);
    return undefined(env);
}

void readable(uv_poll_t* poll, int, int)
{
    auto& handle = *static_cast<Handle*>(poll->data);
    const napi_env env = handle.env;
    napi_handle_scope scope = nullptr;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return;
    napi_value callback = nullptr;
    napi_value self = nullptr; // has to be an object
    napi_get_global(env, &self);
    if (napi_get_reference_value(env, handle.callback, &callback) == napi_ok &&
        napi_make_callback(env, handle.context, self, callback, 0, nullptr, nullptr) == napi_pending_exception) {
        napi_value thrown = nullptr;
        napi_get_and_clear_last_exception(env, &thrown);
        napi_fatal_exception(env, thrown);
    }
    napi_close_handle_scope(env, scope);
}

napi_value watch(napi_env env, napi_callback_info info)
{
    napi_value given[2];
    Handle* handle = handle_and(env, info, given);
    if (handle == nullptr || handle->client == nullptr) return undefined(env);
    if (handle->poll == nullptr) {
        uv_loop_t* loop = nullptr;
        auto poll = std::make_unique<uv_poll_t>();
        if (napi_get_uv_event_loop(env, &loop) != napi_ok ||
            uv_poll_init(loop, poll.get(), godwit_wake_fd(handle->client)) != 0) {
            napi_throw_error(env, nullptr, "cannot watch godwit's descriptor");
            return nullptr;
        }
        poll->data = handle;
        napi_async_init(env, nullptr, text(env, "godwit"), &handle->context);
        handle->poll = poll.release();
    }
    if (handle->callback == nullptr) napi_create_reference(env, given[1], 1, &handle->callback);
    uv_poll_start(handle->poll, UV_READABLE, readable);
    return undefined(env);
}

napi_value unwatch(napi_env env, napi_callback_info info)
{
    napi_value given[1];
    if (!arguments(env, info, given)) return nullptr;
    if (Handle* handle = handle_of(env, given[0]); handle != nullptr && handle->poll != nullptr) {
        uv_poll_stop(handle->poll);
        let_callback_go(*handle);
    }
    return undefined(env);
}

napi_value init(napi_env env, napi_value exports)
{
    const auto put = [&](const char* name, napi_callback function) {
        napi_value value = nullptr;
        napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
        napi_set_named_property(env, exports, name, value);
    };
    put("version", version);
    put("open", with_options<Job::Kind::open>);
    put("check", with_options<Job::Kind::check>);
    put("repair", with_options<Job::Kind::repair>);
    put("request", request);
    put("next", next);
    put("watch", watch);
    put("unwatch", unwatch);
    put("dealtWith", dealt_with);
    put("suspend", suspend);
    put("resume", resume);
    put("trimMemory", trim_memory);
    put("close", close);
    add_media(env, exports);
    return exports;
}

} // namespace

// What NAPI_MODULE makes, visible and without its constructor.
extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports)
{
    return init(env, exports);
}
