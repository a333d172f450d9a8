// SPDX-License-Identifier: Apache-2.0
// Flow: options checked -> home -> key -> store (locked from here on) -> the facade's thread -> engine.
#include "lib/assembly/client_impl.hpp"
#include "lib/assembly/home.hpp"
#include "lib/assembly/link_shell.hpp"
#include "lib/assembly/living.hpp"
#include "lib/crypto/password.hpp"
#include "lib/crypto/secret_pages.hpp"
#include "lib/engine/wake_seldom.hpp"
#include "lib/files/sealed_files.hpp"
#include "lib/files/user_files.hpp"
#include "lib/store/store.hpp"
#include "lib/wire/content.hpp"
#if defined(GODWIT_MEDIA)
#include "media/host/host.hpp"
#endif
#include "transport/loop/system_entropy.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#if !defined(_WIN32)
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#endif

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace godwit::assembly {

namespace {

/// Of an open client with a call, some links and a file under way; fewer do to open one.
constexpr std::size_t descriptors_needed = 32;

class CallbackTrace final : public port::Trace {
public:
    using Callback = std::function<void(int, std::string_view, std::string_view)>;
    explicit CallbackTrace(Callback callback) : callback_(std::move(callback)) {}
    void line(port::TraceLevel level, std::string_view room, std::string_view text) override
    {
        if (callback_) callback_(static_cast<int>(level), room, text);
    }

private:
    Callback callback_;
};

constexpr std::string_view platform_name()
{
#if defined(__ANDROID__)
    return "android";
#elif defined(__linux__)
    return "linux";
#elif defined(__APPLE__)
    return "apple";
#elif defined(_WIN32)
    return "windows";
#else
    return "other";
#endif
}

Result<client::PasswordKeys> derive(std::string_view user, const PublicKey& relay_key, std::string_view password)
{
    auto keys = crypto::derive_password_keys(user, relay_key, password);
    if (!keys.ok()) return std::move(keys).error();
    return client::PasswordKeys{WipingBytes::copy_of(keys->login_secret.view()),
                                WipingBytes::copy_of(keys->vault_key.view())};
}

Error invalid(std::string detail)
{
    return Error{ErrorCode::invalid_argument, std::move(detail), 0};
}

Result<std::unique_ptr<store::SqliteStore>> open_store(const Home& home, std::string_view passphrase,
                                                       port::Trace& trace, std::vector<Error>& notices)
{
    auto key =
        passphrase.empty() || !home.key.empty() ? sqlite::Key::raw(home.key) : sqlite::Key::passphrase(passphrase);
    if (!key.ok()) return std::move(key).error();
    store::StoreOptions options;
    options.path = home.database;
    options.key = &*key;
    options.on_wal_tail = [&trace, &notices](const sqlite::WalTail& tail) {
        trace.line(port::TraceLevel::info, "store",
                   "cut off an unfinished transaction: " +
                       std::to_string(tail.frames_unfinished + tail.frames_damaged) + " log frames");
        if (tail.frames_damaged > 0)
            notices.push_back(
                {ErrorCode::storage_corrupt,
                 "the end of the write-ahead log is damaged and was cut off: after a power failure that is "
                 "an unfinished write, and nothing is lost; else the last messages may be missing, so "
                 "check the disk",
                 0});
    };
    auto store = store::SqliteStore::open(options);
    if (!store.ok()) {
        Error error = std::move(store).error();
        if (error.code == ErrorCode::storage_corrupt)
            error.detail += ", or run `godwit check` on this home, and `godwit repair` to save what is undamaged";
        return error;
    }
    return store;
}

/// libuv and GLib end the process where they get none.
Result<void> check_descriptors()
{
#if !defined(_WIN32)
    std::array<int, descriptors_needed> taken{};
    std::size_t count = 0;
    errno = 0;
    while (count < taken.size() && (taken[count] = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        ++count;
    const bool too_few = count < taken.size() && (errno == EMFILE || errno == ENFILE);
    for (std::size_t n = 0; n < count; ++n)
        ::close(taken[n]);
    if (too_few)
        return Error{ErrorCode::quota_exceeded,
                     "this process may open too few files: a client needs " + std::to_string(descriptors_needed) +
                         ": raise the limit (ulimit -n, RLIMIT_NOFILE), or close something",
                     0};
#endif
    return {};
}

void give_back_free_pages()
{
#if defined(__GLIBC__)
    ::malloc_trim(0);
#endif
}

Result<client::FacadeParts> make_parts(ClientOptions& options, const Resumed* resumed)
{
    if (!options.store_key.empty() && options.store_key.size() != store_key_bytes)
        return invalid("store_key: exactly 32 bytes, or none");
    crypto::lock_secrets();
    if (options.client_version.size() > wire::version_text_bytes_max || !is_utf8(options.client_version))
        return invalid("client_version: UTF-8, at most " + std::to_string(wire::version_text_bytes_max) + " bytes");

    if (auto enough = check_descriptors(); !enough.ok()) return std::move(enough).error();

    options.home = absolute_home(options.home);
    if (resumed != nullptr && !has_store(options.home))
        return Error{ErrorCode::storage_failed,
                     "home: " + options.home +
                         " has no store any more: put it back, or close this client and open a new one",
                     0};
    auto entropy = std::make_unique<loop::SystemEntropy>();
    const bool own_key = options.store_key.empty() && options.passphrase.empty();
    auto home = open_home(options.home, own_key, *entropy);
    if (!home.ok()) return std::move(home).error();
    if (!options.store_key.empty()) home->key = std::move(options.store_key);

    auto trace = std::make_unique<CallbackTrace>(std::move(options.trace));
    client::FacadeParts parts;
    if (home->emptied)
        parts.notices.push_back({ErrorCode::storage_corrupt,
                                 "this home had a key and no store, or an empty one: unless it was never used, its "
                                 "history is lost, so restore " +
                                     home->database + " if there is a copy",
                                 0});
    auto store = open_store(*home, options.passphrase, *trace, parts.notices);
    if (!store.ok()) return std::move(store).error();

    parts.config.client_version = std::move(options.client_version);
    parts.config.platform = platform_name();
    // The engine's own is for tests and simulations. Every disk's wait is shared by what is under way: at 8 ms a wait
    // this is 1.8 times as many messages a second (docs/performance.md). Half of what a ticker may hold, and bytes are
    // bounded by themselves.
    parts.config.in_flight_messages_max = client::held_reports_max / 2;
    // The disk is waited for on another thread, a second at most behind; each mark is a commit, which is waited for
    // here.
    parts.config.file_mark_bytes = 64 * 1024 * 1024;
    engine::wake_seldom(parts.config);
    parts.trim = [store = store->get()] {
        store->trim();
        give_back_free_pages();
    };
    parts.store = *std::move(store);
    parts.kept_files = std::make_unique<files::SealedFiles>(home->files);
    parts.user_files = std::make_unique<files::DiskUserFiles>(*entropy, options.home);
    parts.entropy = std::move(entropy);
    if (resumed != nullptr) parts.media = resumed->media;
#if defined(GODWIT_MEDIA)
    if (!parts.media) {
        struct Doorkeeper { // what a call hears and sees goes into no file of the home either
            loop::SystemEntropy entropy;
            files::DiskUserFiles files;
            explicit Doorkeeper(const std::string& home) : files(entropy, home) {}
        };
        parts.media = media_host::make_host(std::make_unique<loop::SystemEntropy>(),
                                            [keeper = std::make_shared<Doorkeeper>(options.home)](
                                                const std::string& path) { return keeper->files.may_make(path); });
    }
#endif
    parts.make_shell = [shell = ShellOptions{options.allow_loopback, trace.get(), parts.media,
                                             std::move(options.wall_ms)}] { return make_link_shell(shell); };
    parts.driven_by_host = options.driven_by_host;
    parts.dealt_by_call = options.dealt_by_call;
    parts.trace = std::move(trace);
    parts.derive = derive;
    parts.events_max = std::max(options.event_queue_max, event_queue_max_least);
    return parts;
}

} // namespace

Result<void> take_key(ClientOptions& options)
{
    const auto provide = std::exchange(options.provide_key, {});
    if (!provide) return {};
    if (!options.store_key.empty() || !options.passphrase.empty())
        return invalid("options: provide_key, or store_key, or passphrase: one of them");
    options.store_key.resize(store_key_bytes);
    if (provide(options.store_key)) return {};
    return Error{ErrorCode::wrong_key, "the program's provide_key gave no key: unlock the key store, then repeat", 0};
}

Result<client::FacadeParts> open_parts(const ClientOptions& options, const Resumed* resumed)
{
    if (process_ends()) return Error{ErrorCode::cancelled, "the process ends: no client is opened any more", 0};
    try {
        OwnOptions own(options);
        if (auto taken = take_key(own.of); !taken.ok()) return std::move(taken).error();
        return make_parts(own.of, resumed);
    } catch (const std::exception& trouble) {
        return Error{ErrorCode::internal, std::string("cannot open the client: ") + trouble.what(), 0};
    }
}

Result<std::unique_ptr<client::Facade>> open_facade(const ClientOptions& options)
{
    auto parts = open_parts(options);
    if (!parts.ok()) return std::move(parts).error();
    return client::Facade::start(*std::move(parts));
}

} // namespace godwit::assembly
