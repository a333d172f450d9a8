// SPDX-License-Identifier: Apache-2.0
// The C face: JSON in, JSON out, over the same facade as the C++ face.
//
//   godwit_request  parse -> submit, or refuse (so that an error takes its place among the replies)
//                   -> remember the caller's id under the number that the reply will carry
//   godwit_next     event -> its JSON; a reply gets the caller's id back
//
// Handles are checked and calls counted in c_client.cpp. No exception leaves: out of memory is an error code or NULL.
#include <godwit/godwit.h>
#include <godwit/rescue.hpp>

#include "lib/assembly/c_client.hpp"
#include "lib/assembly/c_memory.hpp"
#include "lib/assembly/error_texts.hpp"
#include "lib/json/json.hpp"

#include <algorithm>
#include <exception>

namespace {

using namespace godwit;
using assembly::copy_out;
using assembly::Entered;

constexpr const char* out_of_memory = R"({"code":"internal","detail":"out of memory","retry":0})";

void tell(char** error_json, std::string_view text)
{
    if (error_json != nullptr) *error_json = copy_out(text);
}

/// What is read off the client of a handle; `none` when there is none.
template <class Value, class Work>
Value of_client(const godwit_client* handle, Value none, Work&& work)
{
    try {
        const Entered client(handle);
        return client ? work(client) : none;
    } catch (const std::exception&) {
        return none;
    }
}

/// `work` on the client of a handle: GODWIT_ERROR_INVALID_ARGUMENT when there is none.
template <class Work>
int with_client(const godwit_client* handle, Work&& work)
{
    try {
        const Entered client(handle);
        return client ? work(client) : int{GODWIT_ERROR_INVALID_ARGUMENT};
    } catch (const std::exception&) {
        return GODWIT_ERROR_INTERNAL;
    }
}

int number(const Result<void>& done)
{
    return done.ok() ? 0 : static_cast<int>(done.error().code);
}

/// What would have to wait for its caller's end cannot be called from inside it.
bool out_of_a_hook(const Entered& inside)
{
    return inside.nested() || inside->facade().on_loop_thread();
}

/// check_home and repair_home: the same but for what they do.
template <class Report>
char* rescue(const godwit_options* options, char** error_json, Result<Report> (*work)(const ClientOptions&),
             std::string (*render)(const Report&))
{
    if (error_json != nullptr) *error_json = nullptr;
    assembly::memory_is_used();
    try {
        auto given = assembly::COptions::read(options);
        auto report = given.ok() ? work(given->client) : Result<Report>(std::move(given).error());
        if (report.ok()) return copy_out(render(*report));
        tell(error_json, json::render_error(report.error()));
    } catch (const std::exception&) {
        tell(error_json, out_of_memory);
    }
    return nullptr;
}

Result<std::unique_ptr<assembly::CClient>> open(const godwit_options* options)
{
    auto given = assembly::COptions::read(options);
    if (!given.ok()) return std::move(given).error();
    auto facade = assembly::open_facade(given->client);
    if (!facade.ok()) return std::move(facade).error();
    return std::make_unique<assembly::CClient>(*std::move(facade), std::move(given->client));
}

} // namespace

extern "C" {

const char* godwit_version(void)
{
    return GODWIT_VERSION;
}

const char* godwit_error_name(int error)
{
    return assembly::error_text(error).name;
}

const char* godwit_error_text(int error)
{
    return assembly::error_text(error).what_to_do;
}

int godwit_set_allocator(const godwit_allocator* allocator)
{
    return assembly::set_allocator(allocator);
}

godwit_client* godwit_open(const godwit_options* options, char** error_json)
{
    if (error_json != nullptr) *error_json = nullptr;
    assembly::memory_is_used();
    try {
        auto client = open(options);
        if (client.ok()) return assembly::publish(*std::move(client));
        tell(error_json, json::render_error(client.error()));
    } catch (const std::exception&) {
        tell(error_json, out_of_memory);
    }
    return nullptr;
}

char* godwit_check(const godwit_options* options, char** error_json)
{
    return rescue(options, error_json, check_home, json::render_check);
}

char* godwit_repair(const godwit_options* options, char** error_json)
{
    return rescue(options, error_json, repair_home, json::render_repair);
}

int godwit_request(godwit_client* client, const char* json, size_t length)
{
    if (json == nullptr && length != 0) return GODWIT_ERROR_INVALID_ARGUMENT;
    return with_client(client, [&](const Entered& inside) { return inside->request(std::string_view(json, length)); });
}

char* godwit_next(godwit_client* client, int timeout_ms)
{
    try {
        const Entered inside(client);
        return inside ? inside->next(timeout_ms) : nullptr;
    } catch (const std::exception&) {
        return nullptr;
    }
}

int godwit_dealt_with(godwit_client* client, size_t messages)
{
    return with_client(client, [&](const Entered& inside) { return number(inside->facade().deal(messages)); });
}

int godwit_wake_fd(const godwit_client* client)
{
    return of_client(client, -1, [](const Entered& inside) { return inside->facade().wake_fd(); });
}

void godwit_free(char* text)
{
    assembly::free_text(text);
}

int godwit_network_changed(godwit_client* client)
{
    return with_client(client, [](const Entered& inside) { return number(inside->facade().network_changed()); });
}

int godwit_push_received(godwit_client* client, const void* payload, size_t length)
{
    if (payload == nullptr && length != 0) return GODWIT_ERROR_INVALID_ARGUMENT;
    static_assert(GODWIT_PUSH_BYTES_MAX == push_bytes_max);
    return with_client(client, [&](const Entered& inside) {
        return number(inside->life().push_received({static_cast<const std::uint8_t*>(payload), length}));
    });
}

int godwit_trim_memory(godwit_client* client)
{
    return with_client(client, [](const Entered& inside) {
        inside->facade().trim();
        return 0;
    });
}

int godwit_suspend(godwit_client* client, int deadline_ms)
{
    return with_client(client, [&](const Entered& inside) {
        if (out_of_a_hook(inside)) return int{GODWIT_ERROR_UNSUPPORTED};
        return number(inside->life().suspend(assembly::span(deadline_ms)));
    });
}

int godwit_resume(godwit_client* client, char** error_json)
{
    if (error_json != nullptr) *error_json = nullptr;
    bool said = false;
    const int code = with_client(client, [&](const Entered& inside) {
        if (out_of_a_hook(inside)) return int{GODWIT_ERROR_UNSUPPORTED};
        const auto resumed = inside->life().resume();
        if (resumed.ok()) return 0;
        said = true;
        tell(error_json, json::render_error(resumed.error()));
        return static_cast<int>(resumed.error().code);
    });
    if (code == 0 || (said && error_json != nullptr && *error_json != nullptr)) return code;
    try {
        tell(error_json, json::render_error({static_cast<ErrorCode>(code), assembly::error_text(code).what_to_do, 0}));
    } catch (const std::exception&) {
        tell(error_json, out_of_memory);
    }
    return code;
}

int godwit_stop(godwit_client* client)
{
    return with_client(client, [](const Entered& inside) {
        if (out_of_a_hook(inside)) return int{GODWIT_ERROR_UNSUPPORTED};
        inside->life().stop();
        return 0;
    });
}

void godwit_close(godwit_client* client)
{
    try {
        assembly::close(client);
    } catch (const std::exception&) { // a mutex that the system does not lock: it stays open
    }
}

int godwit_run_once(godwit_client* client, int wait_ms)
{
    return with_client(client, [&](const Entered& inside) {
        auto& facade = inside->facade();
        if (!facade.driven_by_host() || out_of_a_hook(inside)) return int{GODWIT_ERROR_UNSUPPORTED};
        facade.run_once(std::chrono::milliseconds(std::max(wait_ms, 0)));
        return 0;
    });
}

int64_t godwit_next_deadline(const godwit_client* client)
{
    return of_client(client, std::int64_t{-2}, [](const Entered& inside) -> std::int64_t {
        if (!inside->facade().driven_by_host()) return -2;
        const auto quiet = inside->facade().quiet_for();
        return quiet ? std::chrono::ceil<std::chrono::milliseconds>(*quiet).count() : -1;
    });
}

int godwit_driver_fd(const godwit_client* client)
{
    return of_client(client, -1, [](const Entered& inside) {
        return inside->facade().driven_by_host() ? inside->facade().driver_fd() : -1;
    });
}

} // extern "C"
