// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/probe.hpp"

#include "lib/crypto/signing.hpp"
#include "lib/identity/device_list.hpp"
#include "lib/wire/frames.hpp"
#include "lib/wire/names.hpp"
#include "relay/daemon/log.hpp"
#include "relay/daemon/metrics.hpp"
#include "transport/loop/resolve.hpp"
#include "transport/loop/system_entropy.hpp"
#include "transport/quic/quic_client.hpp"
#include "transport/tls/tls_link.hpp"

#include <cstdio>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace godwit::relay {
namespace {

namespace frame = wire::relay;

constexpr std::size_t envelope_bytes = 64;
constexpr const char* step_names[] = {"connect", "login", "store", "deliver", "acknowledge"};
enum Step : std::size_t { connect, login, store, deliver, acknowledge, step_count };

struct Took {
    std::array<std::optional<Duration>, step_count> steps;
    std::optional<Error> error;
    Step failed = connect;
};

/// The account of the probe: five lines of hex, after the name.
struct Account {
    std::string user;
    Bytes seed;
    Bytes secret;
    std::array<Bytes, 2> devices;
};

Bytes random(port::Entropy& entropy, std::size_t bytes)
{
    Bytes out(bytes);
    entropy.fill(out);
    return out;
}

Account fresh_account(port::Entropy& entropy)
{
    return {"probe-" + to_hex(random(entropy, 6)),
            random(entropy, 32),
            random(entropy, 32),
            {random(entropy, 32), random(entropy, 32)}};
}

std::string written(const Account& account)
{
    std::string out = "godwit-relay probe 1\n" + account.user + "\n";
    for (const auto* const part : {&account.seed, &account.secret, &account.devices[0], &account.devices[1]})
        out += to_hex(*part) + "\n";
    return out;
}

/// Made when it is missing. One that is there and is none is never written over.
Result<Account> account_in(const std::string& path, port::Entropy& entropy)
{
    if (path.empty()) return fresh_account(entropy);
    std::ifstream file(path);
    if (!file.is_open()) {
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored)) return Error{ErrorCode::storage_failed, "cannot read " + path, 0};
        const auto account = fresh_account(entropy);
        const auto text = written(account);
        const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        const bool is_kept =
            fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
        if (fd >= 0) ::close(fd);
        if (!is_kept) return Error{ErrorCode::storage_failed, "cannot write " + path + ": check --state", 0};
        return account;
    }
    Account out;
    std::string title;
    std::getline(file, title);
    std::getline(file, out.user);
    bool is_good = title == "godwit-relay probe 1" && wire::is_user_name(out.user);
    for (auto* const part : {&out.seed, &out.secret, &out.devices[0], &out.devices[1]}) {
        std::string line;
        std::getline(file, line);
        const auto bytes = from_hex(line);
        is_good = is_good && bytes && bytes->size() == 32;
        if (is_good) *part = *bytes;
    }
    if (!is_good)
        return Error{ErrorCode::storage_corrupt, path + " is no state of a probe: name another file, or remove it", 0};
    return out;
}

class Device final : public port::LinkObserver {
public:
    Device(loop::Loop& loop, port::Entropy& entropy, BytesView seed, Instant end)
        : loop_(loop), entropy_(entropy), key_(crypto::SigningKey::from_seed(seed)), end_(end)
    {
    }
    /// With a goodbye: in the relay's log it is nobody whose line broke.
    ~Device()
    {
        if (link_) link_->close();
    }
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    Result<void> come(const wire::RelayAddress& relay, const loop::Address& to, bool over_tls, Instant until_when)
    {
        down_.reset();
        auto identity = tls::Identity::from_seed(tls::Seed(key_.seed().data(), 32));
        if (!identity.ok()) return identity.error();
        tls::DialOptions options;
        options.peer.expected = relay.key;
        link_ = over_tls ? tls::dial(loop_, to, *identity, options, *this)
                         : quic::dial(loop_, to, *identity, options, entropy_, *this);
        return until([this] { return up_; }, "the relay does not answer", until_when);
    }

    Result<frame::Response> ask(frame::RequestBody body)
    {
        const auto id = ++last_id_;
        if (auto sent = send(frame::Request{id, std::move(body)}); !sent.ok()) return sent.error();
        std::optional<frame::Response> out;
        auto got = until([&] { return (out = take<frame::Response>()).has_value(); }, "no answer in time");
        if (!got.ok()) return got.error();
        if (out->error.code != ErrorCode::ok) return out->error;
        return *std::move(out);
    }
    Result<void> send(const wire::relay::ClientFrame& frame)
    {
        if (link_->send(wire::encode(frame))) return {};
        return Error{ErrorCode::not_connected, "the relay takes nothing", 0};
    }
    template <class T>
    std::optional<T> take()
    {
        for (auto it = frames_.begin(); it != frames_.end(); ++it)
            if (auto* const one = std::get_if<T>(&*it)) {
                std::optional<T> out = std::move(*one);
                frames_.erase(it);
                return out;
            }
        return std::nullopt;
    }
    Result<void> until(const std::function<bool()>& holds, const char* else_what)
    {
        return until(holds, else_what, end_);
    }

    Result<void> until(const std::function<bool()>& holds, const char* else_what, Instant end)
    {
        while (!holds()) {
            if (down_) return *down_;
            if (const auto goodbye = take<frame::Goodbye>()) return goodbye->what;
            const auto now = loop::Loop::now().mono;
            if (now >= end) return Error{ErrorCode::timed_out, else_what, 0};
            loop_.run_once(end - now);
        }
        return {};
    }
    [[nodiscard]] const crypto::SigningKey& key() const noexcept { return key_; }

private:
    void link_up(port::Link&) override { up_ = true; }
    void link_frame(port::Link&, BytesView bytes) override
    {
        auto decoded = wire::decode_server_frame(bytes);
        if (decoded.ok()) frames_.push_back(*std::move(decoded));
    }
    void link_writable(port::Link&) override {}
    void link_down(port::Link&, const Error& reason) override { down_ = reason; }

    loop::Loop& loop_;
    port::Entropy& entropy_;
    crypto::SigningKey key_;
    Instant end_;
    std::unique_ptr<port::Link> link_;
    std::deque<wire::relay::ServerFrame> frames_;
    std::optional<Error> down_;
    std::uint64_t last_id_ = 0;
    bool up_ = false;
};

class Probe {
public:
    Probe(loop::Loop& loop, const ProbeOptions& options, const wire::RelayAddress& relay, Account account)
        : loop_(loop), options_(options), relay_(relay), account_(std::move(account)),
          account_key_(crypto::SigningKey::from_seed(account_.seed)),
          end_(loop::Loop::now().mono + std::chrono::seconds(options.timeout_s)),
          a_(loop, entropy_, account_.devices[0], end_), b_(loop, entropy_, account_.devices[1], end_)
    {
    }

    Took run()
    {
        const std::function<Result<void>()> steps[] = {[this] { return come(); }, [this] { return enter(); },
                                                       [this] { return put(); }, [this] { return get(); },
                                                       [this] { return settle(); }};
        Took out;
        for (std::size_t i = 0; i < step_count; ++i) {
            const auto began = loop::Loop::now().mono;
            const auto done = steps[i]();
            if (!done.ok()) {
                out.error = done.error();
                out.failed = static_cast<Step>(i);
                return out;
            }
            out.steps[i] = loop::Loop::now().mono - (i == deliver ? sent_ : began); // from sent, as a user sees it
        }
        return out;
    }

private:
    Result<void> come()
    {
        std::optional<Result<std::vector<loop::Address>>> found;
        const loop::Resolve resolve(loop_, {relay_.host, relay_.port},
                                    [&](auto addresses) { found = std::move(addresses); });
        if (auto looked = a_.until([&] { return found.has_value(); }, "the name server does not answer"); !looked.ok())
            return looked;
        if (!found->ok()) return found->error();
        // As clients do: a name may have an address that this machine cannot reach, such as IPv6 without a route.
        const auto& all = **found;
        Result<void> up = Error{ErrorCode::not_connected, "the name has no address", 0};
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto now = loop::Loop::now().mono;
            up = a_.come(relay_, all[i], options_.over_tls,
                         now + (end_ - now) / static_cast<Duration::rep>(all.size() - i + 1));
            if (up.ok()) return b_.come(relay_, all[i], options_.over_tls, end_);
        }
        return up;
    }

    Result<void> enter()
    {
        for (auto* const device : {&a_, &b_})
            if (auto said =
                    device->send(frame::Hello{wire::protocol_version, wire::protocol_version, GODWIT_VERSION, "probe"});
                !said.ok())
                return said;
        auto back = a_.ask(frame::Resume{});
        if (back.ok()) {
            auto other = b_.ask(frame::Resume{});
            return other.ok() ? Result<void>() : add();
        }
        // device_revoked: this relay does not know it, the first time and after a loss.
        if (back.error().code != ErrorCode::device_revoked) return back.error();
        const auto own = certificate(a_);
        auto list = identity::sign_device_list(account_.user, account_key_.seed(), 1, {own}, loop::Loop::now().wall_ms);
        auto made = a_.ask(frame::RegisterAccount{
            account_.user, secret(), account_key_.public_key(), {0}, wire::encode(own), list.encoded});
        if (!made.ok()) return made.error();
        return add();
    }

    Result<void> add()
    {
        auto half = b_.ask(frame::Login{account_.user, secret()});
        if (!half.ok()) return half.error();
        const auto* const shown = std::get_if<frame::LoginOk>(&half->body);
        if (shown == nullptr) return Error{ErrorCode::malformed, "the relay answered something else", 0};
        const auto list = identity::verify_device_list(shown->device_list, account_.user, account_key_.public_key());
        if (!list.ok()) return list.error();
        const auto own = certificate(b_);
        const auto next =
            identity::with_device(*list, own, account_.user, account_key_.seed(), loop::Loop::now().wall_ms);
        if (!next.ok()) return next.error();
        auto added = b_.ask(frame::AddDevice{account_.user, wire::encode(own), next->encoded});
        return added.ok() ? Result<void>() : Result<void>(added.error());
    }

    Result<void> put()
    {
        message_ = *MessageId::from(random(entropy_, 16));
        sent_ = loop::Loop::now().mono;
        auto put =
            a_.ask(frame::MailboxPut{{DeviceId(b_.key().public_key())}, {message_, random(entropy_, envelope_bytes)}});
        if (!put.ok()) return put.error();
        const auto* const results = std::get_if<frame::MailboxPutOk>(&put->body);
        if (results == nullptr || results->results.size() != 1)
            return Error{ErrorCode::malformed, "the relay answered something else", 0};
        if (results->results[0] != ErrorCode::ok)
            return Error{results->results[0], "the mailbox refused: " + std::string(error_name(results->results[0])),
                         0};
        return {};
    }

    /// What an earlier run left is acknowledged on the way.
    Result<void> get()
    {
        for (;;) {
            std::optional<frame::MailboxDeliver> mail;
            auto got = b_.until([&] { return (mail = b_.take<frame::MailboxDeliver>()).has_value(); },
                                "the envelope was not delivered in time");
            if (!got.ok()) return got;
            if (auto said = b_.send(frame::MailboxAck{{mail->sequence}}); !said.ok()) return said;
            if (mail->envelope.id == message_) return {};
        }
    }

    /// The answer to a ping comes after the tick that took the acknowledgement.
    Result<void> settle()
    {
        if (auto said = b_.send(frame::Ping{7}); !said.ok()) return said;
        return b_.until([this] { return b_.take<frame::Pong>().has_value(); }, "no answer in time");
    }

    [[nodiscard]] wire::DeviceCertificate certificate(const Device& device) const
    {
        wire::DeviceCertificate out;
        out.user = account_.user;
        out.device = DeviceId(device.key().public_key());
        out.device_name = "probe";
        return identity::sign_certificate(std::move(out), account_key_.seed());
    }
    [[nodiscard]] FixedBytes<32, frame::LoginSecretTag> secret() const
    {
        return *FixedBytes<32, frame::LoginSecretTag>::from(account_.secret);
    }

    loop::Loop& loop_;
    const ProbeOptions& options_;
    const wire::RelayAddress& relay_;
    Account account_;
    crypto::SigningKey account_key_;
    loop::SystemEntropy entropy_;
    Instant end_;
    Device a_, b_;
    MessageId message_;
    Instant sent_{};
};

std::string metrics_of(const Took& took, WallMs now_ms)
{
    OpenMetrics out("godwit_probe_");
    out.gauge("success", "1 when all steps went well.", took.error ? 0 : 1);
    std::vector<std::pair<std::string_view, bool>> failed;
    for (std::size_t i = 0; i < step_count; ++i)
        failed.emplace_back(step_names[i], took.error && took.failed == i);
    // node_exporter's textfile collector refuses a whole file for one type that is not of the Prometheus text format.
    out.labelled("failed_step", "step", "Which step did not.", failed);
    for (std::size_t i = 0; i < step_count; ++i)
        if (took.steps[i])
            out.gauge_microseconds(std::string(step_names[i]) + "_seconds", "How long this step took.",
                                   took.steps[i]->count());
    out.gauge_seconds("time_seconds", "When it was, since 1970.", now_ms);
    return out.take();
}

Result<void> replace_file(const std::string& path, const std::string& text)
{
    const auto aside = path + ".new";
    std::ofstream file(aside, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file || ::rename(aside.c_str(), path.c_str()) != 0)
        return Error{ErrorCode::storage_failed, "cannot write " + path + ": check --metrics", 0};
    return {};
}

int refused(const std::string& why)
{
    std::fputs(("godwit-relay: " + why + "\n").c_str(), stderr);
    return 1;
}

} // namespace

int run_probe(const Options& options)
{
    ::umask(022); // metrics are for the collector; the state is made 0600
    const auto relay = wire::parse_relay_address(options.probe.relay);
    if (!relay.ok()) return refused(relay.error().detail);
    loop::SystemEntropy entropy;
    auto account = account_in(options.probe.state, entropy);
    if (!account.ok()) return refused(account.error().detail);
    loop::Loop loop;
    const auto took = Probe(loop, options.probe, *relay, *std::move(account)).run();
    const auto text = metrics_of(took, loop::Loop::now().wall_ms);
    if (options.probe.metrics == "-")
        std::fputs(text.c_str(), stdout);
    else if (!options.probe.metrics.empty())
        if (const auto written = replace_file(options.probe.metrics, text); !written.ok())
            return refused(written.error().detail);
    if (options.probe.metrics != "-") {
        std::string line;
        for (std::size_t i = 0; i < step_count; ++i)
            if (took.steps[i])
                line += (line.empty() ? "" : ", ") + std::string(step_names[i]) + " " +
                        std::to_string(took.steps[i]->count() / 1000) + " ms";
        if (!line.empty()) std::fputs((line + "\n").c_str(), stdout);
    }
    if (took.error) return refused("probe: " + std::string(step_names[took.failed]) + ": " + took.error->detail);
    return 0;
}

} // namespace godwit::relay
