// SPDX-License-Identifier: Apache-2.0
// The C face: JSON in, JSON out, over the same facade as the C++ face.
//
//   godwit_request  parse -> submit, or refuse (so that an error takes its place among the replies)
//                   -> remember the caller's id under the number that the reply will carry
//   godwit_next     event -> its JSON; a reply gets the caller's id back
//
// No exception leaves: out of memory is an error code or NULL.
#include <godwit/godwit.h>
#include <godwit/rescue.hpp>

#include "lib/assembly/client_impl.hpp"
#include "lib/json/json.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <unordered_map>

namespace {

char* copy_out(const std::string& text)
{
    auto* out = static_cast<char*>(std::malloc(text.size() + 1));
    if (out != nullptr) std::memcpy(out, text.c_str(), text.size() + 1);
    return out;
}

} // namespace

struct godwit_client {
    std::unique_ptr<godwit::client::Facade> facade;

    std::mutex mutex;
    std::condition_variable left;
    std::size_t inside = 0; ///< Calls under way; godwit_close waits for them.
    std::unordered_map<godwit::RequestId, std::string> ids;
};

namespace {

/// Counts a call, so that godwit_close does not take the client from under it.
class Inside {
public:
    explicit Inside(godwit_client& client) : client_(client)
    {
        const std::lock_guard lock(client_.mutex);
        ++client_.inside;
    }
    ~Inside()
    {
        const std::lock_guard lock(client_.mutex);
        if (--client_.inside == 0) client_.left.notify_all();
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

private:
    godwit_client& client_;
};

int number(godwit::ErrorCode code)
{
    return static_cast<int>(code);
}

/// The fields that a caller with an older header does not have stay zero.
godwit_options known_fields(const godwit_options& given)
{
    godwit_options out{};
    std::memcpy(&out, &given, std::min(given.size, sizeof out));
    return out;
}

godwit::Result<godwit::ClientOptions> options_of(const godwit_options* options)
{
    constexpr std::size_t size_least = offsetof(godwit_options, home) + sizeof(const char*);
    if (options == nullptr || options->size < size_least)
        return godwit::Error{godwit::ErrorCode::invalid_argument, "options: set size to sizeof(godwit_options)", 0};
    const godwit_options given = known_fields(*options);
    godwit::ClientOptions out;
    if (given.home != nullptr) out.home = given.home;
    if (given.store_key != nullptr) out.store_key.assign(given.store_key, given.store_key + 32);
    if (given.passphrase != nullptr) out.passphrase = given.passphrase;
    if (given.client_version != nullptr) out.client_version = given.client_version;
    out.allow_loopback = given.allow_loopback != 0;
    if (given.trace != nullptr)
        out.trace = [trace = given.trace, context = given.trace_context](int level, std::string_view room,
                                                                         std::string_view text) {
            trace(context, level, std::string(room).c_str(), std::string(text).c_str());
        };
    return out;
}

godwit::Result<std::unique_ptr<godwit::client::Facade>> open(const godwit_options* options)
{
    auto typed = options_of(options);
    if (!typed.ok()) return std::move(typed).error();
    return godwit::assembly::open_facade(*std::move(typed));
}

constexpr const char* out_of_memory = R"({"code":"internal","detail":"out of memory","retry":0})";

/// check_home and repair_home: the same but for what they do.
template <class Report>
char* rescue(const godwit_options* options, char** error_json,
             godwit::Result<Report> (*work)(const godwit::ClientOptions&), std::string (*render)(const Report&))
{
    if (error_json != nullptr) *error_json = nullptr;
    try {
        auto typed = options_of(options);
        auto report = typed.ok() ? work(*typed) : godwit::Result<Report>(std::move(typed).error());
        if (report.ok()) return copy_out(render(*report));
        if (error_json != nullptr) *error_json = copy_out(godwit::json::render_error(report.error()));
    } catch (const std::exception&) {
        if (error_json != nullptr) *error_json = copy_out(out_of_memory);
    }
    return nullptr;
}

/// 0 where there is no client, no media, no such id or no memory.
template <class Work>
auto with_media(godwit_client* client, const char* call, Work&& work)
    -> std::invoke_result_t<Work, godwit::port::MediaHost&, const godwit::CallId&>
{
    if (client == nullptr || call == nullptr) return 0;
    try {
        const Inside inside(*client);
        auto* const media = client->facade->media();
        const auto raw = godwit::from_hex(call);
        const auto id = raw ? godwit::CallId::from(*raw) : std::nullopt;
        if (media == nullptr || !id) return 0;
        return work(*media, *id);
    } catch (const std::exception&) {
        return 0;
    }
}

std::string render(godwit_client& client, const godwit::Event& event)
{
    const auto* reply = std::get_if<godwit::event::Reply>(&event);
    if (reply == nullptr) return godwit::json::render_event(event);
    std::string id = "null";
    {
        const std::lock_guard lock(client.mutex);
        if (auto node = client.ids.extract(reply->id)) id = std::move(node.mapped());
    }
    return godwit::json::render_reply(*reply, id);
}

} // namespace

extern "C" {

const char* godwit_version(void)
{
    return GODWIT_VERSION;
}

godwit_client* godwit_open(const godwit_options* options, char** error_json)
{
    if (error_json != nullptr) *error_json = nullptr;
    try {
        auto facade = open(options);
        if (facade.ok()) {
            auto client = std::make_unique<godwit_client>();
            client->facade = *std::move(facade);
            return client.release();
        }
        if (error_json != nullptr) *error_json = copy_out(godwit::json::render_error(facade.error()));
    } catch (const std::exception&) {
        if (error_json != nullptr) *error_json = copy_out(out_of_memory);
    }
    return nullptr;
}

char* godwit_check(const godwit_options* options, char** error_json)
{
    return rescue(options, error_json, godwit::check_home, godwit::json::render_check);
}

char* godwit_repair(const godwit_options* options, char** error_json)
{
    return rescue(options, error_json, godwit::repair_home, godwit::json::render_repair);
}

int godwit_request(godwit_client* client, const char* json, size_t length)
{
    if (client == nullptr || (json == nullptr && length != 0)) return number(godwit::ErrorCode::invalid_argument);
    try {
        const Inside inside(*client);
        auto parsed = godwit::json::parse_request(std::string_view(json, length));
        if (parsed.quit) parsed.request = godwit::Error{godwit::ErrorCode::ok, {}, 0};
        // The lock spans both lines: godwit_next must not meet the reply before the id is known.
        const std::lock_guard lock(client->mutex);
        const auto id = parsed.request.ok() ? client->facade->submit(*std::move(parsed.request))
                                            : client->facade->refuse(std::move(parsed.request).error());
        if (!id.ok()) return number(id.error().code);
        client->ids.emplace(*id, std::move(parsed.id));
        return parsed.quit ? GODWIT_QUIT : 0;
    } catch (const std::exception&) {
        return number(godwit::ErrorCode::internal);
    }
}

char* godwit_next(godwit_client* client, int timeout_ms)
{
    if (client == nullptr) return nullptr;
    try {
        const Inside inside(*client);
        const auto timeout = timeout_ms < 0 ? std::chrono::milliseconds::max() : std::chrono::milliseconds(timeout_ms);
        const auto event = timeout_ms == 0 ? client->facade->poll() : client->facade->wait(timeout);
        return event ? copy_out(render(*client, *event)) : nullptr;
    } catch (const std::exception&) {
        return nullptr;
    }
}

int godwit_wake_fd(const godwit_client* client)
{
    return client == nullptr ? -1 : client->facade->wake_fd();
}

void godwit_free(char* text)
{
    std::free(text);
}

void godwit_close(godwit_client* client)
{
    if (client == nullptr) return;
    client->facade->end_waits();
    {
        std::unique_lock lock(client->mutex);
        client->left.wait(lock, [client] { return client->inside == 0; });
    }
    delete client;
}

size_t godwit_call_push_audio(godwit_client* client, const char* call, const int16_t* samples, size_t count)
{
    if (samples == nullptr) return 0;
    return with_media(client, call, [&](auto& media, const godwit::CallId& id) {
        return media.push_audio(id, std::span<const std::int16_t>(samples, count));
    });
}

size_t godwit_call_pull_audio(godwit_client* client, const char* call, int16_t* samples, size_t count)
{
    if (samples == nullptr) return 0;
    return with_media(client, call, [&](auto& media, const godwit::CallId& id) {
        return media.pull_audio(id, std::span<std::int16_t>(samples, count));
    });
}

int godwit_call_push_picture(godwit_client* client, const char* call, int width, int height, const uint8_t* i420,
                             size_t bytes)
{
    if (i420 == nullptr) return 0;
    return with_media(client, call, [&](auto& media, const godwit::CallId& id) {
        return media.push_picture(id, width, height, std::span<const std::uint8_t>(i420, bytes)) ? 1 : 0;
    });
}

size_t godwit_call_pull_picture(godwit_client* client, const char* call, int* width, int* height, uint8_t* i420,
                                size_t capacity)
{
    if (width == nullptr || height == nullptr || (i420 == nullptr && capacity > 0)) return 0;
    return with_media(client, call, [&](auto& media, const godwit::CallId& id) -> std::size_t {
        const auto picture = media.pull_picture(id);
        if (!picture) return 0;
        *width = picture->width;
        *height = picture->height;
        if (picture->i420.size() <= capacity) std::memcpy(i420, picture->i420.data(), picture->i420.size());
        return picture->i420.size();
    });
}

} // extern "C"
