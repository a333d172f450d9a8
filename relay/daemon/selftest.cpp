// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/selftest.hpp"

#include "relay/daemon/config_file.hpp"
#include "relay/turn/peers.hpp"
#include "transport/loop/system_entropy.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace godwit::relay {

namespace {

Store memory()
{
    auto out = Store::open_in_memory();
    if (!out.ok()) std::abort(); // no memory: nothing can be said
    return *std::move(out);
}

} // namespace

Yard::Yard(const Config& config)
    : config_(config), entropy_(std::make_unique<loop::SystemEntropy>()), store_(memory()),
      core_(std::make_unique<Core>(config_, store_, *entropy_))
{
}

Yard::~Yard() = default;

LinkId Yard::stranger(const std::string& address)
{
    const auto link = ++last_;
    Bytes key(32);
    entropy_->fill(key);
    core_->link_up(link, {*PublicKey::from(key), address + ":1000", address}, now_);
    tick();
    if (is_open(link)) send(link, frame::Hello{wire::protocol_version, wire::protocol_version, "99.0.0", "selftest"});
    return link;
}

void Yard::send(LinkId link, const wire::relay::ClientFrame& frame)
{
    send_raw(link, wire::encode(frame));
}

void Yard::send_raw(LinkId link, BytesView bytes)
{
    core_->receive(link, bytes, now_);
    tick();
}

void Yard::pass(Duration time)
{
    now_.mono += time;
    now_.wall_ms += time / std::chrono::milliseconds(1);
    if (core_->deadline() <= now_.mono) core_->handle_deadline(now_);
    tick();
}

ErrorCode Yard::answer(LinkId link) const
{
    const auto found = answers_.find(link);
    return found == answers_.end() ? ErrorCode::ok : found->second;
}

void Yard::tick()
{
    (void)core_->commit(now_);
    while (const auto output = core_->next_output()) {
        if (output->close) {
            closed_.insert(output->link);
            continue;
        }
        const auto decoded = wire::decode_server_frame(output->frame);
        if (!decoded.ok()) continue;
        if (const auto* const response = std::get_if<frame::Response>(&*decoded))
            answers_[output->link] = response->error.code;
    }
}

namespace {

std::string unless(bool holds, const char* what)
{
    return holds ? std::string() : std::string(what);
}

frame::Request login(std::uint64_t id, const std::string& user)
{
    return {id, frame::Login{user, {}}};
}

std::string stranger_requests(Yard& yard)
{
    const auto link = yard.stranger("192.0.2.1");
    const auto most = yard.config().limits.unauthenticated_requests_max;
    for (std::uint32_t i = 1; i <= most; ++i)
        yard.send(link, login(i, "nobody"));
    if (!yard.is_open(link)) return "closed before its requests were used up";
    yard.send(link, login(most + 1, "nobody"));
    return unless(!yard.is_open(link), "one request too many was taken");
}

std::string stranger_bytes(Yard& yard)
{
    const auto link = yard.stranger("192.0.2.1");
    const auto ping = wire::encode(wire::relay::ClientFrame(frame::Ping{1}));
    const auto hello = wire::encode(
        wire::relay::ClientFrame(frame::Hello{wire::protocol_version, wire::protocol_version, "99.0.0", "selftest"}));
    auto left = yard.config().limits.unauthenticated_bytes_max - hello.size();
    for (; left >= ping.size(); left -= ping.size())
        yard.send_raw(link, ping);
    if (!yard.is_open(link)) return "closed before its bytes were used up";
    yard.send_raw(link, ping);
    return unless(!yard.is_open(link), "more bytes than a stranger may send were taken");
}

std::string login_time(Yard& yard)
{
    const auto link = yard.stranger("192.0.2.1");
    yard.pass(yard.config().limits.login_time_max - std::chrono::milliseconds(1));
    if (!yard.is_open(link)) return "closed before its time was up";
    yard.pass(std::chrono::milliseconds(1));
    return unless(!yard.is_open(link), "a stranger may stay without a login");
}

std::string strangers(Yard& yard)
{
    const auto most = yard.config().limits.unauthenticated_links_max;
    const auto oldest = yard.stranger("192.0.2.1");
    for (std::size_t i = 1; i < most; ++i)
        (void)yard.stranger("198.51.100." + std::to_string(i % 250));
    if (!yard.is_open(oldest)) return "closed before there were too many";
    const auto newest = yard.stranger("192.0.2.2");
    if (yard.is_open(oldest)) return "more strangers than may be were kept";
    return unless(yard.is_open(newest), "the newest was closed instead of the oldest");
}

/// So many wrong passwords for one account from one address, and the next is told to wait; from another address not.
std::string password_guesses(Yard& yard)
{
    const auto& limits = yard.config().limits;
    const auto most = std::min(limits.login_per_account_and_address.burst, limits.login_per_address.burst);
    const auto guess = [&](const std::string& address) {
        const auto link = yard.stranger(address);
        yard.send(link, login(1, "ann"));
        return yard.answer(link);
    };
    for (std::uint32_t i = 0; i < most; ++i)
        if (guess("192.0.2.1") != ErrorCode::wrong_credentials) return "slowed down before its tries were used up";
    if (guess("192.0.2.1") != ErrorCode::rate_limited) return "one try too many was answered";
    if (limits.login_per_account.burst <= most + 1) return {}; // the account's own limit speaks first: nothing to see
    return unless(guess("192.0.2.2") == ErrorCode::wrong_credentials, "somebody else's guesses keep the user out");
}

std::string nonsense(Yard& yard)
{
    const auto link = yard.stranger("192.0.2.1");
    yard.send_raw(link, Bytes{0xC1, 0xFF, 0x00});
    return unless(!yard.is_open(link), "a link goes on after nonsense");
}

/// One thousandth before the first level a stranger gets in; at it none does, and who was in the door goes.
std::string overload(Yard& yard)
{
    const Moment now{Instant(std::chrono::hours(1)), 0};
    yard.core().strained({begins_at(Shed::strangers) - 1, 1000, 0, 0, {}, {}}, now);
    const auto before = yard.stranger("192.0.2.1");
    if (!yard.is_open(before)) return "a stranger was turned away before there was too much to do";
    yard.core().strained({begins_at(Shed::strangers), 1000, 0, 0, {}, {}}, now);
    const auto after = yard.stranger("192.0.2.2");
    if (yard.is_open(after)) return "a stranger got in although there was too much to do";
    if (yard.is_open(before)) return "a stranger stayed although there was too much to do";
    return unless(given_up_at(frame::MailboxPut{}) == Shed::messages &&
                      given_up_at(frame::DevicesPut{}) == Shed::nothing,
                  "messages are not given up last, or revoking is given up at all");
}

/// goals: "in any spelling". Those who may not be reached stand in relay/turn/peers.cpp; here only that they are.
std::string turn_peers(Yard&)
{
    constexpr const char* forbidden[] = {
        "0.0.0.0",         "10.0.0.1",  "100.64.0.1", "127.0.0.1",        "169.254.169.254", "172.16.0.1",
        "192.168.0.1",     "192.0.2.1", "198.18.0.1", "203.0.113.1",      "224.0.0.1",       "240.0.0.1",
        "255.255.255.255", "::",        "::1",        "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1",
        "2001:0:7f00:1::", "fc00::1",   "fe80::1",    "ff02::1",          "fd00:ec2::254",   "2001:db8::1"};
    const turn::PeerPolicy policy;
    for (const auto* const text : forbidden) {
        const auto at = std::string_view(text).find(':') == std::string_view::npos
                            ? loop::Address::parse(std::string(text) + ":80")
                            : loop::Address::parse("[" + std::string(text) + "]:80");
        if (!at) return std::string(text) + " does not parse";
        if (policy.refusal(stun::Endpoint::of(at->ip_bytes(), at->port)) == nullptr)
            return std::string(text) + " may be reached through TURN";
    }
    const auto open = *loop::Address::parse("93.184.216.34:80");
    return unless(policy.refusal(stun::Endpoint::of(open.ip_bytes(), open.port)) == nullptr,
                  "the open internet may not be reached");
}

constexpr RuleRow rules[] = {
    {"stranger_requests", "who has not logged in may ask so often and no more", stranger_requests},
    {"stranger_bytes", "who has not logged in may send so many bytes and no more", stranger_bytes},
    {"login_time", "who has not logged in goes when the time is up", login_time},
    {"strangers", "there are so many of them, and then the oldest goes", strangers},
    {"password_guesses", "guessing is slowed down, and locks nobody out", password_guesses},
    {"nonsense", "a link ends with its first nonsense", nonsense},
    {"overload", "strangers go first when there is too much to do, messages last", overload},
    {"turn_peers", "TURN reaches no address that is not on the open internet", turn_peers},
};

} // namespace

std::span<const RuleRow> abuse_rules()
{
    return rules;
}

int run_selftest(const Options& options)
{
    auto config = options.config.empty() ? Result<DaemonConfig>(DaemonConfig{}) : read_config(options.config);
    if (!config.ok()) {
        std::fputs(("godwit-relay: " + config.error().detail + "\n").c_str(), stderr);
        return 1;
    }
    for (const auto& name : options.selftest)
        if (std::none_of(std::begin(rules), std::end(rules), [&](const RuleRow& row) { return name == row.name; })) {
            std::string known;
            for (const auto& row : rules)
                known += std::string(known.empty() ? "" : ", ") + row.name;
            std::fputs(("godwit-relay: no rule is called " + name + " (there are " + known + ")\n").c_str(), stderr);
            return 2;
        }
    int exit_code = 0;
    for (const auto& row : rules) {
        if (!options.selftest.empty() &&
            std::find(options.selftest.begin(), options.selftest.end(), row.name) == options.selftest.end())
            continue;
        Yard yard(config->core);
        const auto why = row.holds(yard);
        std::printf("%s %s: %s\n", why.empty() ? "holds " : "FAILS ", row.name,
                    why.empty() ? row.sentence : why.c_str());
        if (!why.empty()) exit_code = 1;
    }
    return exit_code;
}

} // namespace godwit::relay
